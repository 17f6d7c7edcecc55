import { Webhook } from 'standardwebhooks';
import { startDouble } from '../http/double-server.ts';
import type { DoubleAnswer, DoubleQuestion, DoubleServer } from '../http/double-server.ts';

/** A receiver that verifies each event with the library of Standard Webhooks, and takes each id once. */
export class EventReceiver {
  server!: DoubleServer;
  /** Status of the answer to the next event, which is not taken. */
  refusal: number | undefined;
  readonly #verifier: Webhook;
  readonly #seen = new Set<string>();
  readonly #inUse: string[] = [];

  private constructor(secret: string) {
    this.#verifier = new Webhook(secret);
  }

  static async start(secret: string): Promise<EventReceiver> {
    const receiver = new EventReceiver(secret);
    receiver.server = await startDouble({
      answer: (question) => receiver.#answer(question),
      throttled: (echo) => ({ status: 429, headers: { 'retry-after': '7' }, body: echo }),
      stranger: (echo) => ({ status: 401, body: JSON.stringify({ message: echo }) }),
      broken: (echo) => ({ status: 500, body: `oops ${echo}` }),
      secrets: () => [secret],
    });
    return receiver;
  }

  /** SHA-256 of the certificates that were registered and not withdrawn, each as often as it was. */
  inUse(): string[] {
    return [...this.#inUse];
  }

  #answer({ method, headers, body }: DoubleQuestion): DoubleAnswer {
    if (method === 'HEAD') return { status: 405 };
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal !== undefined) return { status: refusal };
    const event = this.#verifier.verify(body, headers as Record<string, string>) as {
      type: string;
      data: { serial: string; certificateSha256: string };
    };
    if (event.data.serial === 'CL-REFUSED') return { status: 422 };
    const id = String(headers['webhook-id']);
    if (this.#seen.has(id)) return { status: 204 };
    this.#seen.add(id);
    const { certificateSha256 } = event.data;
    if (event.type === 'device.registered') this.#inUse.push(certificateSha256);
    else if (this.#inUse.includes(certificateSha256))
      this.#inUse.splice(this.#inUse.indexOf(certificateSha256), 1);
    return { status: 204 };
  }
}
