import { z } from 'zod';
import type { DeviceRegistryError } from '../device-registry-error.ts';
import { HttpClient } from '../http/http-client.ts';
import type { HttpAnswer, HttpQuestion } from '../http/http-client.ts';
import { httpFault, jsonIn, notUnderstood } from '../http/http-fault.ts';
import { quoted } from '../http/quoted.ts';
import { registryUrlFault } from '../http/registry-url.ts';
import { readSecretLine } from '../secret-file.ts';

const NRF_CLOUD_URL = 'https://api.nrfcloud.com/v1';

export interface NrfCloudOptions {
  /** In the configuration, for sentences. */
  readonly name: string;
  /** File with an API key of the team. */
  readonly secretFile: string;
  readonly url?: string;
  readonly deadlineMs?: number;
}

const errorShape = z.object({ message: z.string() });

/** The REST API of nRF Cloud, for one team. What fails is thrown as a DeviceRegistryError. */
export class NrfCloudApi {
  readonly name: string;
  readonly #options: NrfCloudOptions;
  readonly #client: HttpClient;
  /** The key of the last question. */
  #apiKey = '';

  constructor(options: NrfCloudOptions) {
    this.name = options.name;
    this.#options = options;
    this.#client = new HttpClient({ ...options, url: options.url ?? NRF_CLOUD_URL });
  }

  /**
   * `what` is what is asked, as in "list devices". An answer with one of the `expected` statuses is no fault, but a 404 only where
   * nRF Cloud itself gives it: a proxy answers 404 for everything.
   */
  async ask(
    question: HttpQuestion,
    what: string,
    signal: AbortSignal,
    expected: readonly number[] = [],
  ): Promise<HttpAnswer> {
    const { name, secretFile } = this.#options;
    this.#apiKey = readSecretLine(secretFile, name);
    const headers = { ...question.headers, authorization: `Bearer ${this.#apiKey}` };
    const answer = await this.#client.ask({ ...question, headers, secrets: [this.#apiKey] }, signal);
    const isSuccess = answer.status >= 200 && answer.status < 300;
    const isForeign = answer.status === 404 && saidIn(answer) === '';
    if (isSuccess || (expected.includes(answer.status) && !isForeign)) return answer;
    throw this.fault(what, answer);
  }

  /** What an answer says that is no success. */
  fault(what: string, answer: HttpAnswer): DeviceRegistryError {
    return httpFault(this.name, what, answer, saidIn(answer));
  }

  /** What nRF Cloud says of a device, fit for a sentence. */
  quoted(said: string): string {
    return quoted(said, [this.#apiKey]);
  }

  read<T>(shape: z.ZodType<T>, answer: HttpAnswer): T {
    const { success, data } = shape.safeParse(jsonIn(this.name, answer));
    if (!success) throw notUnderstood(this.name);
    return data;
  }

  /** A file that an answer refers to. It may be on another host, which gets no API key. */
  async fetch<T>(url: string, shape: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    if (registryUrlFault(url) !== undefined) throw notUnderstood(this.name);
    const client = new HttpClient({ ...this.#options, url });
    try {
      const answer = await client.ask({ method: 'GET', path: '' }, signal);
      if (answer.status !== 200) throw notUnderstood(this.name);
      return this.read(shape, answer);
    } finally {
      client.close();
    }
  }

  close(): void {
    this.#client.close();
  }
}

/** The sentence of an error; empty where something else answered. */
export function saidIn({ body }: HttpAnswer): string {
  try {
    return errorShape.parse(JSON.parse(body.toString('utf8'))).message;
  } catch {
    return '';
  }
}
