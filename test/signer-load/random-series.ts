/** Numbers from 0 up to 1, in a series that one seed decides. */
export class RandomSeries {
  #value: number;

  constructor(seed: number) {
    this.#value = seed;
  }

  /** mulberry32. */
  next(): number {
    this.#value = (this.#value + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#value ^ (this.#value >>> 15), 1 | this.#value);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0 up to `end`, without it. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** True that often, of 1. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}

/** The seed of this run: `CERTLINE_SEED`, or another each time. */
export const seedOfRun = (): number => Number(process.env['CERTLINE_SEED'] ?? Date.now() % 1_000_000);
