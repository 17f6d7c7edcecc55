import type { Framing } from '../framing/framing.ts';

/** What boards with one firmware have shown to take in one message. */
export interface FirmwareLimits {
  /** The largest message that was answered, in bytes. */
  passedBytes: number;
  /** Larger ones that were not, since one of the largest size was. */
  refusals: number;
}

/** Where limits are kept from board to board: what one took, the next with the same firmware takes too. */
export interface LimitMemory {
  /** Names the firmware or the product; the caller knows which boards are alike. */
  readonly firmware: string;
  /** By firmware; shared between clients. */
  readonly memory: Map<string, FirmwareLimits>;
}

/**
 * A frame may be lost once by chance: only what gets no answer twice is too large. Then half of it is tried, and so on.
 */
const REFUSALS_A_SIZE = 2;
/** After a refusal, so many parts pass before a large one is tried again: 1 KiB, at the safe size. */
const PARTS_BETWEEN_TRIALS = 8;
/** A firmware that was found to take no more gets another trial at every so many boards. */
const BOARDS_BETWEEN_TRIALS = 20;

/**
 * The largest SMP message, header included, to send to a board. Its buffer sets the ceiling; how much it takes in one
 * burst may be less (two receive line buffers, whatever the buffer parameters say), and it does not say how much. So
 * the parts of a file are themselves the trial: one that is larger than any before, and is answered, raises the limit.
 */
export class MessageLimit {
  /** What is always safe with default firmware, in bytes. */
  readonly safeBytes: number;
  readonly #framing: Framing;
  readonly #memory: LimitMemory | undefined;
  readonly #knownBytes: number | undefined;
  #ceilingBytes: number;
  #currentBytes: number;
  #refusals = 0;
  #partsToTrial = 0;

  /** `knownBytes`: the most this firmware is known to take in one burst, if that is known: never more is tried. */
  constructor(framing: Framing, knownBytes: number | undefined, memory: LimitMemory | undefined) {
    this.safeBytes = framing.safeMessageBytes;
    this.#framing = framing;
    this.#memory = memory;
    this.#knownBytes = knownBytes;
    this.#currentBytes = knownBytes ?? Math.max(this.safeBytes, this.#remembered?.passedBytes ?? 0);
    this.#ceilingBytes = this.#currentBytes;
    this.#refusals = this.#refusalsBefore();
  }

  /** What has shown to pass. */
  get currentBytes(): number {
    return this.#currentBytes;
  }

  /** What the board's buffer holds; known only where the board says it. */
  get ceilingBytes(): number {
    return this.#ceilingBytes;
  }

  /** What the next part of a file may fill: more than has shown to pass, where it is worth a trial. */
  get partBytes(): number {
    if (this.#knownBytes !== undefined || this.#partsToTrial > 0) return this.#currentBytes;
    const halvings = Math.floor(this.#refusals / REFUSALS_A_SIZE);
    const trialBytes = this.#ceilingBytes >> halvings;
    const isWorthIt = halvings === 0 || trialBytes >= 2 * this.#currentBytes;
    return isWorthIt ? Math.max(trialBytes, this.#currentBytes) : this.#currentBytes;
  }

  /** Takes what the board says of its buffer, without the framing's share. */
  learnCeiling(bytes: number): void {
    this.#ceilingBytes = Math.min(bytes, this.#knownBytes ?? bytes, this.#framing.maxMessageBytes);
    const { burstLimited } = this.#framing;
    this.#currentBytes = burstLimited ? Math.min(this.#currentBytes, this.#ceilingBytes) : this.#ceilingBytes;
  }

  /** A message of that size was answered: so will be the next, on this board and on others with its firmware. */
  passed(bytes: number): void {
    if (this.#partsToTrial > 0) this.#partsToTrial--;
    if (bytes <= this.#currentBytes) return;
    this.#currentBytes = bytes;
    if (bytes === this.#ceilingBytes) this.#refusals = 0;
    this.#remember();
  }

  /** A message of more than has shown to pass got no answer; smaller ones do. */
  refused(): void {
    this.#refusals++;
    this.#partsToTrial = PARTS_BETWEEN_TRIALS;
    this.#remember();
  }

  /**
   * Messages of a size that has passed get no answer while small ones do; false when the limit is low already. Of this
   * board alone: a noisy line must not slow down all others.
   */
  lower(): boolean {
    if (this.#currentBytes <= this.safeBytes) return false;
    this.#ceilingBytes = this.safeBytes;
    this.#currentBytes = this.safeBytes;
    return true;
  }

  get #remembered(): FirmwareLimits | undefined {
    return this.#memory?.memory.get(this.#memory.firmware);
  }

  #refusalsBefore(): number {
    const remembered = this.#remembered;
    if (remembered === undefined || remembered.refusals < REFUSALS_A_SIZE) return remembered?.refusals ?? 0;
    remembered.refusals++;
    if (remembered.refusals % BOARDS_BETWEEN_TRIALS === 0) return REFUSALS_A_SIZE - 1;
    return remembered.refusals;
  }

  #remember(): void {
    if (this.#memory === undefined) return;
    const passedBytes = Math.max(this.#currentBytes, this.#remembered?.passedBytes ?? 0);
    this.#memory.memory.set(this.#memory.firmware, { passedBytes, refusals: this.#refusals });
  }
}
