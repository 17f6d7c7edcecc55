import type { ActivitySlotInfo, CustomSlotSupplier, SlotPermit } from '@temporalio/worker';
import type { Station } from '../fixtures/station/station.ts';

/**
 * A station asks for a claim only while a board is ready for it: as many permits are out as the station could serve at
 * once. A permit is not tied to a board; the claim takes whichever board is ready when it runs.
 */
export class BoardSlots implements CustomSlotSupplier<ActivitySlotInfo> {
  readonly type = 'custom';
  readonly #station: Station;
  readonly #queue: string;
  #permits = 0;

  constructor(station: Station, queue: string) {
    this.#station = station;
    this.#queue = queue;
  }

  async reserveSlot(_context: unknown, abortSignal: AbortSignal): Promise<SlotPermit> {
    while (!this.#hasRoom()) await this.#station.changes.next(abortSignal);
    this.#permits++;
    return {};
  }

  tryReserveSlot(): SlotPermit | null {
    return null;
  }

  markSlotUsed(): void {
    // A permit is in use from its reservation on.
  }

  releaseSlot(): void {
    this.#permits--;
    this.#station.changes.emit('change');
  }

  #hasRoom(): boolean {
    return this.#station.capacity(this.#queue) > this.#permits;
  }
}
