import { DeviceRegistryError } from '../device-registry-error.ts';
import { HttpClient } from '../http/http-client.ts';
import type { HttpAnswer, HttpClientOptions, HttpQuestion } from '../http/http-client.ts';
import { jsonIn } from '../http/http-fault.ts';
import { registryUrlFault } from '../http/registry-url.ts';

/** What the library of AWS asks a handler, as far as it is used. */
interface AwsRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
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
    /** For our own errors: the library leaves it where it is. */
    readonly answer: HttpAnswer;
  };
}

/** Speaks HTTP for the library of AWS, so that its answers have an end, a limited size and the same proxies as all others. */
export class AwsHttp {
  readonly #options: Omit<HttpClientOptions, 'url'>;
  readonly #secrets: () => readonly string[];
  /** All requests go to one endpoint, which the library knows. */
  #client: HttpClient | undefined;

  /** `secrets`: what requests are signed with now. */
  constructor(options: Omit<HttpClientOptions, 'url'>, secrets: () => readonly string[]) {
    this.#options = options;
    this.#secrets = secrets;
  }

  async handle(
    request: AwsRequest,
    { abortSignal = new AbortController().signal }: { readonly abortSignal?: AbortSignal } = {},
  ): Promise<AwsAnswer> {
    const { method, path, query, headers, body } = request;
    this.#client ??= this.#clientFor(request);
    const question: HttpQuestion = {
      method: method as HttpQuestion['method'],
      path: path + queryOf(query ?? {}),
      headers,
      ...(body !== undefined && { body }),
      secrets: [...this.#secrets(), signatureIn(headers)],
    };
    const answer = await this.#client.ask(question, abortSignal);
    // Of a change the library reads no answer, and something between us and AWS may answer 200 to everything.
    if (answer.status < 300 && answer.body.length > 0) jsonIn(this.#options.name, answer);
    const ofAnswer = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
    return {
      response: {
        statusCode: answer.status,
        headers: Object.fromEntries(ofAnswer) as Record<string, string>,
        body: answer.body,
        answer,
      },
    };
  }

  close(): void {
    this.#client?.close();
  }

  /** The library may set options of handlers; this one has none. */
  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  /** The library takes an endpoint from the environment too. */
  #clientFor({ protocol, hostname, port }: AwsRequest): HttpClient {
    const url = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
    const fault = registryUrlFault(url);
    if (fault === undefined) return new HttpClient({ ...this.#options, url });
    const message = `The address of the registry ${this.#options.name} ${fault}: correct AWS_ENDPOINT_URL, or set "url" in the configuration.`;
    throw new DeviceRegistryError('credentials', message);
  }
}

function signatureIn({ authorization = '' }: AwsRequest['headers']): string {
  return /Signature=([0-9a-f]+)/.exec(authorization)?.[1] ?? '';
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
