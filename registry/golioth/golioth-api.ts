import { z } from 'zod';
import { DeviceRegistryError } from '../device-registry-error.ts';
import type { DeviceRegistryReason } from '../device-registry-error.ts';
import { HttpClient } from '../http/http-client.ts';
import type { HttpAnswer, HttpQuestion } from '../http/http-client.ts';
import { httpFault, jsonIn, notUnderstood, retryAfterMs } from '../http/http-fault.ts';
import { quoted } from '../http/quoted.ts';
import { readSecretLine } from '../secret-file.ts';

/** Where Golioth's management API is, unless the project is hosted elsewhere. */
const GOLIOTH_URL = 'https://api.golioth.io';
/** Most entries of a list that one answer may have, by the API. */
const PAGE_SIZE = 100;
/** Where Golioth asks for patience it says no time. */
const THROTTLE_WAIT_MS = 10_000;

export interface GoliothOptions {
  /** In the configuration, for sentences. */
  readonly name: string;
  /** Id of the project, which is the O of its devices' certificates. */
  readonly project: string;
  /** File with an API key of the project. */
  readonly secretFile: string;
  readonly url?: string;
  readonly deadlineMs?: number;
}

/** What Golioth answers instead of a success, by the codes of gRPC that its errors have. Their HTTP status is not documented. */
export const GOLIOTH_CODE = { notFound: 5, alreadyExists: 6 } as const;

interface Meaning {
  readonly reason: DeviceRegistryReason;
  readonly advice: string;
}

const KEY_ADVICE =
  'its API key has expired, was deleted or is of another project: make a new one in the settings of the project';
const RETRY_ADVICE = 'it is tried again';
const MEANINGS: Readonly<Record<number, Meaning>> = {
  1: { reason: 'unavailable', advice: RETRY_ADVICE },
  2: { reason: 'unavailable', advice: RETRY_ADVICE },
  3: { reason: 'refused', advice: 'correct what it refuses, then retry the unit' },
  4: { reason: 'unavailable', advice: RETRY_ADVICE },
  [GOLIOTH_CODE.notFound]: {
    reason: 'credentials',
    advice:
      'there is no such project at this address for its API key: correct the project, the key or the address',
  },
  [GOLIOTH_CODE.alreadyExists]: { reason: 'conflict', advice: 'find out what has this name' },
  7: { reason: 'credentials', advice: 'its API key may not do this: give its owner the permission' },
  8: { reason: 'throttled', advice: 'it is asked again later' },
  9: { reason: 'refused', advice: 'correct what it refuses, then retry the unit' },
  10: { reason: 'unavailable', advice: RETRY_ADVICE },
  13: { reason: 'unavailable', advice: RETRY_ADVICE },
  14: { reason: 'unavailable', advice: RETRY_ADVICE },
  16: { reason: 'credentials', advice: KEY_ADVICE },
};

const errorBody = z.object({ code: z.int(), message: z.string().default('') });
const listBody = z.object({ list: z.array(z.unknown()).nullish(), total: z.coerce.number().optional() });
const dataBody = z.object({ data: z.unknown() });

/** Golioth's management API, as far as it concerns one project. What fails is thrown as a DeviceRegistryError. */
export class GoliothApi {
  readonly #options: GoliothOptions;
  readonly #client: HttpClient;

  constructor(options: GoliothOptions) {
    this.#options = options;
    this.#client = new HttpClient({ ...options, url: options.url ?? GOLIOTH_URL });
  }

  get project(): string {
    return this.#options.project;
  }

  /** All entries of a list, of every page, each once. `what` is what is asked, as in "list devices". */
  async list<Entry extends { readonly id: string }>(
    path: string,
    entry: z.ZodType<Entry>,
    what: string,
    signal: AbortSignal,
  ): Promise<Entry[]> {
    const found = new Map<string, Entry>();
    // Whether its pages count from 0 or from 1 is not documented: where 0 and 1 are the same, nothing is there twice.
    for (let page = 0; ; page += 1) {
      const query = `${path.includes('?') ? '&' : '?'}page=${page}&perPage=${PAGE_SIZE}`;
      const { body } = await this.ask({ method: 'GET', path: path + query }, what, signal);
      const { list, total = 0 } = this.#read(listBody, body);
      const known = found.size;
      for (const each of list ?? []) {
        const read = this.#read(entry, each);
        found.set(read.id, read);
      }
      if ((list ?? []).length === 0 || found.size >= total) return [...found.values()];
      // Always the same page, as from a cache that ignores its number.
      if (page > 1 && found.size === known) throw notUnderstood(this.#options.name);
    }
  }

  /** Asks for the first entry of a list, to see whether it may be read. */
  async tryList(path: string, what: string, signal: AbortSignal): Promise<void> {
    const { body } = await this.ask({ method: 'GET', path: `${path}?perPage=1` }, what, signal);
    this.#read(listBody, body);
  }

  /** The `data` of an answer. */
  data<Entry>(shape: z.ZodType<Entry>, body: unknown): Entry {
    return this.#read(shape, this.#read(dataBody, body).data);
  }

  /** Asks for something of the project. An error with one of the `expected` codes is returned, any other thrown. */
  async ask(
    question: Pick<HttpQuestion, 'method' | 'path'> & { readonly json?: unknown },
    what: string,
    signal: AbortSignal,
    expected: readonly number[] = [],
  ): Promise<{ readonly code: number; readonly body: unknown }> {
    const { name, project, secretFile } = this.#options;
    const { method, path, json } = question;
    const apiKey = readSecretLine(secretFile, name);
    const answer = await this.#client.ask(
      {
        method,
        path: `/v1/projects/${encodeURIComponent(project)}${path}`,
        headers: {
          'x-api-key': apiKey,
          accept: 'application/json',
          ...(json !== undefined && { 'content-type': 'application/json' }),
        },
        ...(json !== undefined && { body: JSON.stringify(json) }),
        secrets: [apiKey],
      },
      signal,
    );
    if (answer.status >= 200 && answer.status < 300) return { code: 0, body: jsonIn(name, answer) };
    const said = errorIn(answer);
    if (said !== undefined && expected.includes(said.code)) return { code: said.code, body: undefined };
    throw this.#fault(what, answer, said);
  }

  close(): void {
    this.#client.close();
  }

  #fault(what: string, answer: HttpAnswer, said: z.infer<typeof errorBody> | undefined): DeviceRegistryError {
    const { name, project } = this.#options;
    const meaning = said && MEANINGS[said.code];
    if (meaning === undefined) return httpFault(name, what, answer, said?.message);
    const { reason, advice } = meaning;
    const words = quoted(said!.message, answer.secrets);
    const sentence = `The registry ${name} answered "${words}" (code ${said!.code}) when asked to ${what} in the project ${project}: ${advice}.`;
    const waitMs = retryAfterMs(answer) ?? (reason === 'throttled' ? THROTTLE_WAIT_MS : undefined);
    return new DeviceRegistryError(reason, sentence, {
      isUnknown: reason === 'unavailable',
      ...(waitMs !== undefined && { waitMs }),
    });
  }

  #read<T>(shape: z.ZodType<T>, value: unknown): T {
    const { success, data } = shape.safeParse(value);
    if (!success) throw notUnderstood(this.#options.name);
    return data;
  }
}

/** What the body of an error says; undefined where something else answered. */
function errorIn({ body }: HttpAnswer): z.infer<typeof errorBody> | undefined {
  try {
    return errorBody.safeParse(JSON.parse(body.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
