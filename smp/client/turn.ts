/** Lets one task at a time run, in the order of asking. */
export class Turn {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs the task when all earlier ones have ended, however they ended. */
  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return await result;
  }
}
