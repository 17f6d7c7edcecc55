/** Runs one piece of work at a time, in order; one that is aborted while it waits never starts. */
export class Turn {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** True while any work runs or waits. */
  get busy(): boolean {
    return this.#waiting > 0;
  }

  /** Resolves or rejects as the work does; rejects with the reason of the signal when that came first. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#waiting++;
    const turn = this.#last.then(async () => {
      signal?.throwIfAborted();
      return await work();
    });
    this.#last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.#waiting--;
    }
  }
}
