/** What is asked again and again: the same function each time. */
type Work<T> = () => T | Promise<T>;

/** Waits for work with an end to its patience, and knows what is still under way when nobody waits for it any more. */
export class Patience {
  readonly #ms: number;
  readonly #underWay = new Map<Work<unknown>, Promise<unknown>>();

  /** `ms`: how long one piece of work may take. */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /**
   * Resolves as `work` does. Throws where it takes longer; then it continues unseen. It is not begun again as long as it is under
   * way: a folder on a server that does not answer would get one more question with each scrape, which all wait.
   */
  async inTime<T>(work: Work<T>): Promise<T> {
    const working = (this.#underWay.get(work) as Promise<T> | undefined) ?? this.#begin(work);
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
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay.values());
  }

  #begin<T>(work: Work<T>): Promise<T> {
    const working = Promise.resolve()
      .then(work)
      .finally(() => this.#underWay.delete(work));
    this.#underWay.set(work, working);
    // Where nobody waits any more, nobody hears of its failure.
    working.catch(() => undefined);
    return working;
  }
}
