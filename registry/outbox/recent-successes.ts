import type { OutboxEntry } from '../outbox.ts';
import type { Call } from './calls.ts';

/** How long a success says that a device registry can carry out such calls. */
const RECENT_MS = 600_000;

/** So many other calls may fail since that success. In an outage more do, and one bad unit fails alone. */
const OTHERS_MOST = 3;

interface Success {
  readonly unit: string;
  readonly at: number;
}

/** What a device registry carried out a short time ago, and what failed since: whether a fault is that of its unit follows from it. */
export class RecentSuccesses {
  /** The last two units that were done, the newest first: one of them is another one. */
  #last: readonly Success[] = [];
  /** The units of calls that failed since the last success, by the first unit of the call. */
  readonly #failed = new Map<string, ReadonlySet<string>>();

  done({ device: { serial: unit } }: OutboxEntry, at: number): void {
    this.#last = [{ unit, at }, ...this.#last.filter((each) => each.unit !== unit).slice(0, 1)];
    this.#failed.clear();
  }

  failed({ entries }: Call): void {
    const units = entries.map(({ device }) => device.serial);
    const [first] = units;
    // More are not counted: it is an outage already.
    if (first !== undefined && this.#failed.size <= 2 * OTHERS_MOST) this.#failed.set(first, new Set(units));
  }

  /** Whether another unit was done, and not much else failed since. */
  sayOwn({ device: { serial } }: OutboxEntry, now: number): boolean {
    const others = [...this.#failed.values()].filter((units) => !units.has(serial));
    const isRecent = this.#last.some(({ unit, at }) => unit !== serial && now - at <= RECENT_MS);
    return isRecent && others.length <= OTHERS_MOST;
  }
}
