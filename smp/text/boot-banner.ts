/** What Zephyr prints first after every start: `*** Booting Zephyr OS build v4.4.0 ***`; MCUboot's begins alike. */
const BANNER = Buffer.from('*** Booting ');

/** Finds the banner of a board that starts, however the text is cut into pieces. */
export class BootBanner {
  #matched = 0;

  /** Whether the banner ends in this piece. */
  isIn(bytes: Uint8Array): boolean {
    let found = false;
    for (const byte of bytes) {
      if (byte === BANNER[this.#matched]) this.#matched++;
      // A run of more than three asterisks still ends in three.
      else this.#matched = byte !== BANNER[0] ? 0 : this.#matched === 3 ? 3 : 1;
      if (this.#matched < BANNER.length) continue;
      found = true;
      this.#matched = 0;
    }
    return found;
  }
}
