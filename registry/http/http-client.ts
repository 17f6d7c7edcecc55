import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { ClientRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { DeviceRegistryError } from '../device-registry-error.ts';
import { exchange, NoAnswerInTime, StaleConnection } from './exchange.ts';
import type { Exchanged } from './exchange.ts';
import { proxyCredentials } from './proxy-credentials.ts';
import { proxyFault } from './proxy-fault.ts';
import { isBeforeQuestion, unreached } from './unreached.ts';

/** Answers of device registries are a few kilobytes; a list of a hundred devices has about 100. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const DEADLINE_MS = 30_000;
/** Sockets that are kept open for the next calls. */
const MAX_SOCKETS = 64;

export interface HttpClientOptions {
  /** Of the device registry, for sentences. */
  readonly name: string;
  /** `https:`, or `http:` on this host. Paths of requests are added to it. */
  readonly url: string;
  /** From question to the end of the answer, in milliseconds. */
  readonly deadlineMs?: number;
  readonly maxAnswerBytes?: number;
  /** Trusted beside those of Node, PEM: for a device registry with a CA of its own. */
  readonly ca?: string;
  /** `https_proxy` and `no_proxy` are obeyed. */
  readonly environment?: NodeJS.ProcessEnv;
}

export interface HttpQuestion {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';
  /** Added to the address of the client, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Credentials in it, and those that it is signed with: they are hidden in what is quoted of the answer. */
  readonly secrets?: readonly string[];
}

/** What came back, whatever its status, with all credentials that it may repeat. */
export interface HttpAnswer extends Exchanged {
  readonly secrets: readonly string[];
}

/**
 * The one way in which adapters speak HTTP: sockets are kept open, an answer has an end and a limited size, redirects are not
 * followed, and a proxy is used where the environment names one, but never for this host. A question that meets a kept socket which
 * the server has closed is asked again, so what it asks for must be the same when it is done twice. What fails is thrown as a
 * DeviceRegistryError `unavailable`; any answer with a final status is returned.
 */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #base: URL;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#base = new URL(options.url);
    this.#agent = agentFor(options);
  }

  async ask(question: HttpQuestion, signal: AbortSignal): Promise<HttpAnswer> {
    this.#mustHaveWay();
    try {
      return await this.#exchange(question, signal);
    } catch (error) {
      throw this.#fault(error);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #exchange(
    { method, path, headers, body, secrets = [] }: HttpQuestion,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const { maxAnswerBytes = MAX_ANSWER_BYTES, environment = process.env } = this.#options;
    const { deadlineMs = DEADLINE_MS } = this.#options;
    const endAt = performance.now() + deadlineMs;
    const options = {
      method,
      agent: this.#agent,
      headers: {
        // Where nothing is said, a server may compress (RFC 9110 §12.5.3).
        'accept-encoding': 'identity',
        ...headers,
        ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
      },
    };
    for (;;) {
      const limits = { deadlineMs: endAt - performance.now(), maxAnswerBytes, signal };
      try {
        const answer = await exchange(this.#open(path, options), body, limits);
        return { ...answer, secrets: [...secrets, ...proxyCredentials(this.#base, environment)] };
      } catch (error) {
        // Such a socket is gone afterwards, so there are only as many of them as were kept.
        if (!(error instanceof StaleConnection)) throw error;
      }
    }
  }

  #mustHaveWay(): void {
    const { name, environment = process.env } = this.#options;
    const fault = isThisHost(this.#base.hostname) ? undefined : proxyFault(this.#base, environment);
    if (fault !== undefined) throw new DeviceRegistryError('credentials', `The registry ${name} ${fault}.`);
  }

  #open(path: string, options: Parameters<typeof httpRequest>[1]): ClientRequest {
    const url = path === '' ? this.#base : new URL(this.#base.pathname.replace(/\/$/, '') + path, this.#base);
    return this.#base.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
  }

  #fault(error: unknown): DeviceRegistryError {
    const { name, url, deadlineMs = DEADLINE_MS } = this.#options;
    const why =
      error instanceof NoAnswerInTime
        ? `gave no answer within ${deadlineMs / 1_000} s`
        : unreached(error as Error, this.#base);
    const isUnknown = !isBeforeQuestion(error as Error);
    const message = `The registry ${name} at ${new URL(url).host} ${why}.`;
    return new DeviceRegistryError('unavailable', message, { isUnknown });
  }
}

function agentFor({ url, ca, environment = process.env }: HttpClientOptions): HttpAgent | HttpsAgent {
  const { hostname, protocol } = new URL(url);
  const options = {
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    ...(!isThisHost(hostname) && { proxyEnv: environment }),
  };
  if (protocol === 'http:') return new HttpAgent(options);
  return new HttpsAgent({ ...options, ...(ca !== undefined && { ca }) });
}

/** Loopback and the unspecified addresses, as the host of a URL spells them; the third is IPv4 in IPv6. RFC 6890. */
const THIS_HOST = /^(?:127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\]|\[::1?\])$/;

/** A name of this host, to which nothing may go by way of another one; all names in localhost are (RFC 6761 §6.3). */
export function isThisHost(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost') || THIS_HOST.test(name);
}
