// Things that happen later on one wire, in order.

/** Below this the timer's own resolution (1 ms) says "now". */
const NOW_MS = 0.5;

/** A queue of actions with times in `performance.now()` milliseconds that never decrease. */
export class Timeline {
  #queue: { readonly atMs: number; readonly run: () => void }[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** Runs `run` at `atMs`, or at once when that is past and nothing waits before it. */
  at(atMs: number, run: () => void): void {
    if (this.#queue.length === 0 && atMs - performance.now() < NOW_MS) return run();
    this.#queue.push({ atMs, run });
    if (this.#queue.length === 1) this.#wind();
  }

  /** Forgets everything that has not happened. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
  }

  #wind(): void {
    const [head] = this.#queue;
    if (!head) return;
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, Math.round(head.atMs - performance.now())));
  }

  #fire(): void {
    const due = this.#queue;
    const until = performance.now() + NOW_MS;
    let done = 0;
    // An action may clear the queue: the rest of it must not happen then.
    for (; this.#queue === due && (due[done]?.atMs ?? Infinity) < until; done++) due[done]?.run();
    if (this.#queue !== due) return;
    this.#queue = due.slice(done);
    this.#wind();
  }
}
