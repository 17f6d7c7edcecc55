import type { AnswerPace } from '../wire/smp-request.ts';

/** `firstMs`: wait before any answer of this pace was seen. `giveUpMs`: after that long without one, it failed. */
interface PaceLimits {
  readonly firstMs: number;
  readonly giveUpMs: number;
}

// The first waits are for boards that have shown to be fast: one that was slow to answer anything else gets at least as
// long as that. Giving up is set by NOR flash: an erase of 64 KiB may take 2 s, and a littlefs open, truncate or close
// can need several.
const LIMITS: Readonly<Record<AnswerPace, PaceLimits>> = {
  quick: { firstMs: 500, giveUpMs: 5_000 },
  open: { firstMs: 200, giveUpMs: 12_000 },
  write: { firstMs: 200, giveUpMs: 12_000 },
  close: { firstMs: 200, giveUpMs: 12_000 },
  shell: { firstMs: 1_000, giveUpMs: 12_000 },
  hash: { firstMs: 2_000, giveUpMs: 30_000 },
};

/** Never wait less: timers and a busy host are no more exact than that. */
const FLOOR_MS = 120;
/** A second wait is twice the first, but never shorter than this: by then the board is more probably busy. */
const SECOND_WAIT_MS = 500;
/** Before any answer was seen: a board that was never met may take up to 5 s for each of its answers. */
const UNKNOWN_GIVE_UP_MS = 12_000;

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
  readonly #givenLimitMs: number | undefined;

  /** `limitMs`: give up after that long, whatever the request; default: by pace and by the answers seen. */
  constructor(limitMs?: number) {
    this.#givenLimitMs = limitMs;
  }

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

  /** How long the fastest answers of this board take, in milliseconds; 0 as long as none was seen. */
  get usualMs(): number {
    const fastest = Math.min(...[...this.#estimates.values()].map(waitFor));
    return Number.isFinite(fastest) ? fastest : 0;
  }

  /** Milliseconds to wait for an answer while that many earlier requests have none. */
  waitMs(pace: AnswerPace, unanswered: number): number {
    const usualMs = this.#usualWaitMs(pace);
    if (unanswered === 0) return usualMs;
    return Math.max(2 ** unanswered * usualMs, SECOND_WAIT_MS);
  }

  /** Milliseconds after which a request has failed, repeats included: slow boards get as long as they have shown to need. */
  giveUpMs(pace: AnswerPace): number {
    if (this.#givenLimitMs !== undefined) return this.#givenLimitMs;
    if (this.#estimates.size === 0) return Math.max(LIMITS[pace].giveUpMs, UNKNOWN_GIVE_UP_MS);
    return Math.max(LIMITS[pace].giveUpMs, 2 * this.#usualWaitMs(pace));
  }

  #usualWaitMs(pace: AnswerPace): number {
    const known = this.#estimates.get(pace);
    if (known !== undefined) return Math.max(FLOOR_MS, waitFor(known));
    // No pace is faster than the fastest seen: a board that is slow to say its name is slow at everything.
    return Math.max(LIMITS[pace].firstMs, this.usualMs);
  }
}

function waitFor({ meanMs, deviationMs }: Estimate): number {
  return meanMs + 4 * deviationMs;
}
