/** What a board does before it answers: that decides how long an answer may take. */
export type AnswerPace = 'quick' | 'open' | 'write' | 'close' | 'shell' | 'hash';

/** `firstMs`: wait before any answer of this pace was seen. `giveUpMs`: after that long without one, it failed. */
interface PaceLimits {
  firstMs: number;
  giveUpMs: number;
}

// The waits before anything is known are short because a repeat is harmless and a lost frame the likelier cause;
// a late answer teaches the true time. Giving up is set by NOR flash: an erase of 64 KiB may take 2 s, and a
// littlefs open, truncate or close can need several.
const LIMITS: Record<AnswerPace, PaceLimits> = {
  quick: { firstMs: 500, giveUpMs: 5_000 },
  open: { firstMs: 200, giveUpMs: 12_000 },
  write: { firstMs: 200, giveUpMs: 12_000 },
  close: { firstMs: 200, giveUpMs: 12_000 },
  shell: { firstMs: 1_000, giveUpMs: 12_000 },
  hash: { firstMs: 2_000, giveUpMs: 30_000 },
};

/** Never wait less: timers and a busy host are no more exact than that. */
const FLOOR_MS = 120;
/** Zephyr has four buffers: with two requests unanswered it may be busy, and more would exhaust it (4.4.0 crashes). */
const CAUTIOUS_MS = 2_500;

/** With less time than this there is no point in another attempt: the newline before it takes 20 ms already. */
export const SHORTEST_ATTEMPT_MS = 25;

/** Smoothed answer time and its deviation, as TCP estimates them (RFC 6298). */
interface Estimate {
  meanMs: number;
  deviationMs: number;
}

/** Learns how fast this board answers, by pace, and says how long to wait before repeating a request. */
export class AnswerTimes {
  readonly #estimates = new Map<AnswerPace, Estimate>();

  /** Takes the time of one answer, without what the bytes need on the wire. */
  learn(pace: AnswerPace, answerMs: number): void {
    const known = this.#estimates.get(pace);
    if (known === undefined) {
      this.#estimates.set(pace, { meanMs: answerMs, deviationMs: answerMs / 2 });
      return;
    }
    known.deviationMs += (Math.abs(answerMs - known.meanMs) - known.deviationMs) / 4;
    known.meanMs += (answerMs - known.meanMs) / 8;
  }

  /** How long answers of this pace usually take, in milliseconds; 20 as long as none was seen. */
  usualMs(pace: AnswerPace): number {
    return this.#estimates.get(pace)?.meanMs ?? 20;
  }

  /** Milliseconds to wait when `unanswered` transmissions before this one are still without an answer. */
  waitMs(pace: AnswerPace, unanswered: number): number {
    const known = this.#estimates.get(pace);
    const firstMs = LIMITS[pace].firstMs;
    const usualMs = known === undefined ? firstMs : Math.max(FLOOR_MS, known.meanMs + 4 * known.deviationMs);
    if (unanswered === 0) return usualMs;
    return unanswered === 1 ? Math.max(2 * usualMs, 500) : Math.max(4 * usualMs, CAUTIOUS_MS);
  }

  /** Milliseconds after which a request has failed, repeats included. */
  giveUpMs(pace: AnswerPace): number {
    return LIMITS[pace].giveUpMs;
  }
}
