import type { SmpErrorCode } from '../smp-error.ts';
import type { SmpHeader } from '../wire/smp-header.ts';

/** The body of an answer, a view into a buffer that the receiver wipes. */
export interface Answer {
  readonly body: Uint8Array;
}

/** What an answer must name; the operation is that of the request. */
export type ExpectedAnswer = Pick<SmpHeader, 'op' | 'group' | 'id'>;

/** After a damaged answer: as long as a second half of it, or the right answer behind noise, may take to follow. */
const DAMAGED_WAIT_MS = 60;

/** The answer to one request, however often that is sent: the answer to any of the sendings is right. */
export class PendingAnswer {
  /** Why bytes that came since the last sending were not the answer. */
  lastDamage: SmpErrorCode | undefined;
  readonly #expected: ExpectedAnswer;
  readonly #hurries: boolean;
  readonly #sequences = new Set<number>();
  #answer: Answer | undefined;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #endsAt = 0;

  /**
   * `hurries`: a damaged answer will not come again by itself, so there is no point in waiting the whole time for it.
   */
  constructor(expected: ExpectedAnswer, hurries: boolean) {
    this.#expected = expected;
    this.#hurries = hurries;
  }

  /** The request goes out under this number. */
  expect(sequence: number): void {
    this.lastDamage = undefined;
    this.#sequences.add(sequence);
  }

  get isSent(): boolean {
    return this.#sequences.size > 0;
  }

  isSentAs(sequence: number): boolean {
    return this.#sequences.has(sequence);
  }

  /** The operation of a response is that of the request plus one. */
  isAnsweredBy({ sequence, group, id, op }: SmpHeader): boolean {
    const expected = this.#expected;
    return (
      this.#sequences.has(sequence) &&
      group === expected.group &&
      id === expected.id &&
      op === expected.op + 1
    );
  }

  /** The answer, or `undefined` when none comes in that many milliseconds; rejects with what ended the wait. */
  async within(ms: number): Promise<Answer | undefined> {
    if (!this.#isSettled) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#endsAt = performance.now() + ms;
      this.#timer = setTimeout(resolve, Math.max(0, ms));
      await promise;
      clearTimeout(this.#timer);
    }
    if (this.#failure !== undefined) throw this.#failure;
    return this.#answer;
  }

  /** The answer has probably come, damaged, or will not come any more. */
  hurry(ms = DAMAGED_WAIT_MS): void {
    if (!this.#hurries || this.#isSettled || this.#wake === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#wake, Math.max(0, Math.min(ms, this.#endsAt - performance.now())));
  }

  answer(answer: Answer): void {
    this.#answer = answer;
    this.#wake?.();
  }

  fail(error: Error): void {
    if (this.#isSettled) return;
    this.#failure = error;
    this.#wake?.();
  }

  get #isSettled(): boolean {
    return this.#answer !== undefined || this.#failure !== undefined;
  }
}
