import type { HttpClient, HttpQuestion } from '../http/http-client.ts';

/** What the library of AWS asks a handler, as far as it is used. */
interface AwsRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

interface AwsAnswer {
  readonly response: {
    readonly statusCode: number;
    readonly headers: Record<string, string>;
    readonly body: Uint8Array;
  };
}

/** Speaks HTTP for the library of AWS, so that its answers have an end, a limited size and the same proxies as all others. */
export class AwsHttp {
  readonly #client: HttpClient;

  constructor(client: HttpClient) {
    this.#client = client;
  }

  async handle(
    { method, path, query, headers, body }: AwsRequest,
    { abortSignal = new AbortController().signal }: { readonly abortSignal?: AbortSignal } = {},
  ): Promise<AwsAnswer> {
    const question: HttpQuestion = {
      method: method as HttpQuestion['method'],
      path: path + queryOf(query ?? {}),
      headers,
      ...(body !== undefined && { body }),
    };
    const answer = await this.#client.ask(question, abortSignal);
    const ofAnswer = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
    return {
      response: {
        statusCode: answer.status,
        headers: Object.fromEntries(ofAnswer) as Record<string, string>,
        body: answer.body,
      },
    };
  }

  /** The library may set options of handlers; this one has none. */
  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }
}

/** Encoded as the signature of the request has it (RFC 3986). */
function queryOf(query: NonNullable<AwsRequest['query']>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value ?? ''].flat().map((each) => `${encoded(name)}=${encoded(each)}`),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
