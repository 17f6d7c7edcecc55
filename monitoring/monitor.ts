import { LineMetrics } from './line-metrics.ts';
import { Patience } from './patience.ts';
import { Readiness } from './readiness.ts';

/**
 * Whatever is asked at a scrape has so long, milliseconds: Prometheus gives up after 10 s. A check of a part has less, since one scrape
 * asks all of them, and one that hangs must not hide the others.
 */
const PATIENCE_MS = 4_000;
const CHECK_PATIENCE_MS = 3_500;

/** What can be seen of a process from outside: each part of a role adds what it knows. */
export class Monitor {
  readonly #patience = new Patience(PATIENCE_MS);
  readonly metrics = new LineMetrics(this.#patience);
  readonly #checkPatience = new Patience(CHECK_PATIENCE_MS);
  readonly readiness = new Readiness(this.#checkPatience);

  constructor() {
    this.metrics.sample({
      name: 'certline_ready',
      help: '1 where the part of the role can work, else 0: /readyz says why.',
      labels: ['part'],
      read: async () => {
        const { checks } = await this.readiness.look();
        return Object.entries(checks).map(([part, says]) => ({
          labels: { part },
          value: says === 'ok' ? 1 : 0,
        }));
      },
    });
  }

  /** Resolves when nothing is asked any more: what a part was asked with can be closed then. */
  async settled(): Promise<void> {
    await Promise.all([this.#patience.settled(), this.#checkPatience.settled()]);
  }
}
