/**
 * The largest SMP message, header included, to send to a board. Its buffer sets the ceiling; how much it takes in
 * one burst may be less (two receive line buffers, whatever the buffer parameters say), so the limit starts low.
 */
export class MessageLimit {
  /** What is always safe with default firmware, in bytes. */
  readonly safeBytes: number;
  #ceilingBytes: number;
  #currentBytes: number;

  /** `knownBytes`: what this firmware is known to take in one burst, if that is known. */
  constructor(safeBytes: number, knownBytes: number | undefined) {
    this.safeBytes = safeBytes;
    this.#ceilingBytes = knownBytes ?? safeBytes;
    this.#currentBytes = this.#ceilingBytes;
  }

  get currentBytes(): number {
    return this.#currentBytes;
  }

  /** What the board's buffer holds; known only where the board says it. */
  get ceilingBytes(): number {
    return this.#ceilingBytes;
  }

  /** Takes what the board says of its buffer, without the framing's share. */
  learnCeiling(bytes: number): void {
    this.#ceilingBytes = bytes;
    this.#currentBytes = Math.min(this.#currentBytes, bytes);
  }

  /** A message of the ceiling's size went through. */
  raise(): void {
    this.#currentBytes = this.#ceilingBytes;
  }

  /** Large messages get no answer while small ones do; false when the limit is low already. */
  lower(): boolean {
    if (this.#currentBytes <= this.safeBytes) return false;
    this.#ceilingBytes = this.safeBytes;
    this.#currentBytes = this.safeBytes;
    return true;
  }
}
