import type { Brake } from '../../provisioning/batch.ts';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import type { Attention } from '../../provisioning/unit.ts';

/** However few units may be under way at once. */
const ALIKE_LEAST = 5;

/**
 * Stops the start of units while they fail one after the other with the same code: an order that is closed, say, or a station at
 * fault. Plain state, no Temporal.
 */
export class ChunkBrake {
  /** Where the units were that wait with a code, by code and serial, since a unit has passed there. */
  readonly #alike = new Map<FailureCode, Map<string, string | undefined>>();
  readonly #mayStop: () => boolean;
  #limit = 0;
  #code: FailureCode | undefined;

  /** `mayStop` is asked when it would stop. */
  constructor(mayStop: () => boolean) {
    this.#mayStop = mayStop;
  }

  /**
   * A unit failed. Of `window` units that are under way at once, all may fail by one blow; when more fail than that, the next
   * ones fail too.
   */
  fail({ serial, code, stationId }: Attention, window: number): void {
    const alike = this.#alike.get(code) ?? new Map<string, string | undefined>();
    this.#alike.set(code, alike.set(serial, stationId));
    const limit = Math.max(window, ALIKE_LEAST);
    if (this.#code !== undefined || alike.size < limit || !this.#mayStop()) return;
    this.#code = code;
    this.#limit = limit;
  }

  /** A unit passed at this station, so that is well; what has failed at no station that is known, may be so too. */
  pass(station: string | undefined): void {
    for (const alike of this.#alike.values())
      for (const [serial, where] of alike) if (where === undefined || where === station) alike.delete(serial);
    this.#letGo();
  }

  /** A unit waits no more: a person has decided about it, so it does not keep others from their start. */
  settle(serial: string): void {
    for (const alike of this.#alike.values()) alike.delete(serial);
    this.#letGo();
  }

  /** A person says that units start again. */
  release(): void {
    this.#alike.clear();
    this.#code = undefined;
  }

  /** Why no further unit starts; undefined where units start. */
  get stop(): Brake | undefined {
    if (this.#code === undefined) return undefined;
    const alike = this.#alike.get(this.#code)!;
    const stations = [...new Set(alike.values())].filter((station) => station !== undefined);
    return { code: this.#code, units: alike.size, stations: stations.toSorted() };
  }

  #letGo(): void {
    if (this.#code !== undefined && this.#alike.get(this.#code)!.size < this.#limit) this.#code = undefined;
  }
}
