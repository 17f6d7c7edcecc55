import type { SmpErrorCode } from '../smp-error.ts';
import type { SmpHeader } from '../wire/smp-header.ts';

/** The body of an answer, a view into a buffer that the receiver wipes. */
export interface Answer {
  body: Uint8Array;
}

/** How long to wait for one answer. */
export interface Waiting {
  waitMs: number;
  /** An answer that arrives damaged will not come again by itself: do not wait the whole time for it. */
  hurryWhenDamaged: boolean;
}

/** After a damaged answer: as long as a second half of it, or the right answer behind noise, may take to follow. */
const DAMAGED_WAIT_MS = 60;

/** One request on its way and the clock that runs for it. */
export class PendingAnswer {
  /** Why bytes that came meanwhile were not the answer. */
  lastDamage: SmpErrorCode | undefined;
  readonly header: SmpHeader;
  readonly promise: Promise<Answer>;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: Error) => void;
  readonly #onTimeout: () => void;
  readonly #hurryWhenDamaged: boolean;
  readonly #endsAt: number;
  #timer: NodeJS.Timeout;

  constructor(header: SmpHeader, waiting: Waiting, onTimeout: () => void) {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.header = header;
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#onTimeout = onTimeout;
    this.#hurryWhenDamaged = waiting.hurryWhenDamaged;
    this.#endsAt = performance.now() + waiting.waitMs;
    this.#timer = setTimeout(onTimeout, waiting.waitMs);
  }

  /** The operation of a response is that of the request plus one. */
  isAnsweredBy(header: SmpHeader): boolean {
    const { sequence, group, id, op } = this.header;
    return header.sequence === sequence && header.group === group && header.id === id && header.op === op + 1;
  }

  /** The answer has probably come, damaged. */
  hurry(): void {
    if (!this.#hurryWhenDamaged) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onTimeout, Math.min(DAMAGED_WAIT_MS, this.#endsAt - performance.now()));
  }

  answer(answer: Answer): void {
    clearTimeout(this.#timer);
    this.#resolve(answer);
  }

  fail(error: Error): void {
    clearTimeout(this.#timer);
    this.#reject(error);
  }
}
