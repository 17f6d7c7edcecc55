import { SMP_HEADER_BYTES } from '../wire/smp-header.ts';
import type { SmpHeader } from '../wire/smp-header.ts';

/** One message on its way, for a log: never what is in a secret file. */
export interface TraceEvent {
  readonly direction: 'sent' | 'received';
  /** Of the request, e.g. `file download`. */
  readonly request: string;
  readonly group: number;
  readonly id: number;
  readonly sequence: number;
  readonly messageBytes: number;
  /** Since the request was sent for the first time. */
  readonly elapsedMs: number;
  /** The body in hex; only where asked for, and never while a secret passes. */
  readonly content: string | undefined;
}

/** Where trace events go, and whether with the content of messages (files included). */
export interface TraceOptions {
  readonly onEvent: (event: TraceEvent) => void;
  /** Default false. */
  readonly withContent?: boolean;
}

/** Reports the messages of one request. */
export class Tracer {
  readonly #options: TraceOptions;
  readonly #request: string;
  readonly #isShown: boolean;
  readonly #startedAt = performance.now();

  constructor(options: TraceOptions, request: string, secret: boolean) {
    this.#options = options;
    this.#request = request;
    this.#isShown = options.withContent === true && !secret;
  }

  report(direction: TraceEvent['direction'], header: SmpHeader, body: Uint8Array): void {
    this.#options.onEvent({
      direction,
      request: this.#request,
      group: header.group,
      id: header.id,
      sequence: header.sequence,
      messageBytes: SMP_HEADER_BYTES + body.length,
      elapsedMs: performance.now() - this.#startedAt,
      content: this.#isShown ? Buffer.from(body).toString('hex') : undefined,
    });
  }
}
