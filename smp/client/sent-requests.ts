import type { AnswerPace } from '../wire/smp-request.ts';

/** One request on its way, or in the board's hands. */
export interface SentRequest {
  readonly sequence: number;
  readonly pace: AnswerPace;
  /** On the clock of `performance.now()`. */
  readonly atMs: number;
  readonly frameBytes: number;
  /** It may run for long and is never repeated: until it is answered the board must be taken to be at work on it. */
  readonly isLong: boolean;
}

/**
 * Zephyr's default is four buffers: one request at work, its answer, and two requests that wait. One more faults
 * Zephyr 4.4.0 (zephyr#107809).
 */
const DEFAULT_BUFFERS = 4;
const ANSWER_BUFFERS = 1;
/** With room for one alone, a single lost frame could never be repeated. */
const FEWEST_HELD = 2;
/** The longest that any request may take: what has no answer by then was lost, or died with the board. */
const FORGOTTEN_MS = 30_000;

/** The requests that a board has not answered. They take up its buffers, so there must never be many of them. */
export class SentRequests {
  #sent: readonly SentRequest[] = [];
  #boardHolds = DEFAULT_BUFFERS - ANSWER_BUFFERS;

  get count(): number {
    return this.#sent.length;
  }

  /** Whether the board can hold one more request; `foreign`: beside so many that another program may have sent. */
  hasRoom(foreign: number): boolean {
    const oldestMs = performance.now() - FORGOTTEN_MS;
    if (this.#sent.some(({ atMs }) => atMs < oldestMs)) {
      this.#sent = this.#sent.filter(({ atMs }) => atMs >= oldestMs);
    }
    return this.#sent.length + foreign < this.#boardHolds;
  }

  /** When those were sent that may run for long, on the clock of `performance.now()`. */
  get longSince(): readonly number[] {
    return this.#sent.filter(({ isLong }) => isLong).map(({ atMs }) => atMs);
  }

  /** Takes what the board says of the number of its buffers. */
  learnBuffers(count: number): void {
    this.#boardHolds = Math.max(FEWEST_HELD, count - ANSWER_BUFFERS);
  }

  add(request: SentRequest): void {
    this.#sent = [...this.#sent, request];
  }

  /** Whether no request before that one is unanswered. */
  isOldest(sequence: number): boolean {
    return this.#sent[0]?.sequence === sequence;
  }

  /** Boards answer in order: what was sent before the answered request will not be answered any more. */
  answered(sequence: number): SentRequest | undefined {
    const index = this.#sent.findIndex((request) => request.sequence === sequence);
    const found = this.#sent[index];
    if (found !== undefined) this.#sent = this.#sent.slice(index + 1);
    return found;
  }

  /** An answer came that cannot be read: it is that of the oldest. */
  oldestAnswered(): void {
    this.#sent = this.#sent.slice(1);
  }

  /** The board has restarted: whatever it held is gone. */
  forget(): void {
    this.#sent = [];
  }
}
