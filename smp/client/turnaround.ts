/** A single lost frame says nothing of the line; two requests in a row that were lost behind an answer do. */
const LOSSES_THAT_TELL = 2;
const FIRST_MS = 30;
const GROWTH = 4;
const MOST_MS = 500;

/**
 * The time that this line needs between an answer and the next request. None, unless what follows at once is lost again
 * and again, as where a half-duplex line turns round or an adapter is slow to switch.
 */
export class Turnaround {
  #answeredAtMs = -Infinity;
  #neededMs = 0;
  #lossesInARow = 0;

  /** Milliseconds that the next request still has to wait. */
  get restMs(): number {
    return this.#neededMs === 0 ? 0 : Math.max(0, this.#answeredAtMs + this.#neededMs - performance.now());
  }

  /** An answer came, and shows whether requests that went out before the answered one were lost. */
  answered(haveOthersBeenLost: boolean): void {
    this.#answeredAtMs = performance.now();
    this.#lossesInARow = haveOthersBeenLost ? this.#lossesInARow + 1 : 0;
    if (this.#lossesInARow < LOSSES_THAT_TELL) return;
    this.#neededMs = Math.min(MOST_MS, Math.max(FIRST_MS, this.#neededMs * GROWTH));
  }
}
