import type { Clock } from '../../../registry/outbox/clock.ts';

/** Turns of the event loop after which nothing but the clock can move what is tested. */
const QUIET_TURNS = 1;

/** Time that jumps to the next sleeper when nothing else happens. */
export class FakeClock implements Clock {
  #now = 0;
  readonly #sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  #isPumping = false;

  /** It never goes back. */
  startAt(now: number): void {
    this.#now = Math.max(this.#now, now);
  }

  readonly now = (): number => this.#now;

  readonly sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#sleepers.push({ at: this.#now + ms, wake: resolve });
      signal.addEventListener('abort', () => resolve(), { once: true });
      void this.#pump();
    });
  };

  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#sleepers.length > 0) {
      for (let turn = 0; turn < QUIET_TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      this.#sleepers.sort((one, other) => one.at - other.at);
      const next = this.#sleepers.shift();
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
    this.#isPumping = false;
  }
}
