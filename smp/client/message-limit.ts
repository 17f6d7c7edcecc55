import type { Framing } from '../framing/framing.ts';

/** Where limits are kept from board to board: what one took, the next with the same firmware takes too. */
export interface LimitMemory {
  /** Names the firmware or the product; the caller knows which boards are alike. */
  firmware: string;
  /** Bytes by firmware; shared between clients. */
  memory: Map<string, number>;
}

/**
 * The largest SMP message, header included, to send to a board. Its buffer sets the ceiling; how much it takes in
 * one burst may be less (two receive line buffers, whatever the buffer parameters say), so the limit starts low.
 */
export class MessageLimit {
  /** What is always safe with default firmware, in bytes. */
  readonly safeBytes: number;
  readonly #framing: Framing;
  readonly #memory: LimitMemory | undefined;
  readonly #knownBytes: number | undefined;
  #ceilingBytes: number;
  #currentBytes: number;

  /** `knownBytes`: the most this firmware is known to take in one burst, if that is known: never more is tried. */
  constructor(framing: Framing, knownBytes: number | undefined, memory: LimitMemory | undefined) {
    this.safeBytes = framing.safeMessageBytes;
    this.#framing = framing;
    this.#memory = memory;
    this.#knownBytes = knownBytes;
    this.#ceilingBytes = knownBytes ?? memory?.memory.get(memory.firmware) ?? this.safeBytes;
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
    const known = this.#knownBytes ?? this.#memory?.memory.get(this.#memory.firmware);
    this.#ceilingBytes = Math.min(bytes, known ?? bytes, this.#framing.maxMessageBytes);
    const { burstLimited } = this.#framing;
    this.#currentBytes = burstLimited ? Math.min(this.#currentBytes, this.#ceilingBytes) : this.#ceilingBytes;
  }

  /** A message of the ceiling's size went through: so it will on the next board with this firmware. */
  raise(): void {
    this.#settle(this.#ceilingBytes);
    this.#remember();
  }

  /**
   * Large messages get no answer while small ones do; false when the limit is low already. Of this board alone: a
   * noisy line must not slow down all others.
   */
  lower(): boolean {
    if (this.#currentBytes <= this.safeBytes) return false;
    this.#settle(this.safeBytes);
    return true;
  }

  /** More than now does not pass, and need not be tried again. */
  stay(): void {
    this.#settle(this.#currentBytes);
    this.#remember();
  }

  #settle(bytes: number): void {
    this.#ceilingBytes = bytes;
    this.#currentBytes = bytes;
  }

  #remember(): void {
    this.#memory?.memory.set(this.#memory.firmware, this.#currentBytes);
  }
}
