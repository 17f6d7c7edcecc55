import { SmpError } from '../smp-error.ts';

/** How long a caller waits for its turn. */
export interface Patience {
  readonly signal?: AbortSignal | undefined;
  /** On the clock of `performance.now()`. */
  readonly deadlineMs?: number | undefined;
}

/**
 * Lets one task at a time run, in the order of asking; one that is cancelled or out of time before its turn never
 * starts.
 */
export class Turn {
  readonly #name: string;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** `name`: of the port, for errors. */
  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Runs the task when all earlier ones have ended, however they ended. Rejects with `SMP_CANCELLED` or `SMP_TIMEOUT`.
   */
  async run<Result>(task: () => Promise<Result>, patience: Patience = {}): Promise<Result> {
    const earlier = this.#last;
    const { promise, resolve: end } = Promise.withResolvers<void>();
    this.#last = this.#waiting === 0 ? promise : earlier.then(async () => await promise);
    this.#waiting++;
    try {
      if (this.#waiting > 1) await this.#untilEnd(earlier, patience);
      return await task();
    } finally {
      this.#waiting--;
      end();
    }
  }

  async #untilEnd(earlier: Promise<void>, { signal, deadlineMs }: Patience): Promise<void> {
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(cancelled(this.#name));
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort);
    const timer =
      deadlineMs === undefined
        ? undefined
        : setTimeout(() => reject(outOfTime(this.#name)), Math.max(0, deadlineMs - performance.now()));
    try {
      await Promise.race([earlier, stopped]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }
}

/** The error of a call that its caller's AbortSignal ended. */
export function cancelled(name: string): SmpError {
  return new SmpError('SMP_CANCELLED', `${name}: cancelled`);
}

function outOfTime(name: string): SmpError {
  const sentence = `${name}: out of time: earlier requests on this port took until the deadline`;
  return new SmpError('SMP_TIMEOUT', sentence);
}
