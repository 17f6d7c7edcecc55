/** Waits for work with an end to its patience, and knows what is still under way when nobody waits for it any more. */
export class Patience {
  readonly #ms: number;
  readonly #underWay = new Set<Promise<unknown>>();

  /** `ms`: how long one piece of work may take. */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Resolves as `work` does. Throws where it takes longer; then it continues unseen. */
  async inTime<T>(work: () => T | Promise<T>): Promise<T> {
    const working = Promise.resolve().then(work);
    const ended = working.catch(() => undefined).finally(() => this.#underWay.delete(ended));
    this.#underWay.add(ended);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      const says = `there was no answer within ${this.#ms / 1_000} s`;
      timer = setTimeout(() => reject(new Error(says)), this.#ms);
    });
    try {
      return await Promise.race([working, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }
}
