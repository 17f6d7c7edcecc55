import { base64Length, decodeBase64Group, decodeBase64Groups, isBase64Character } from './base64-bytes.ts';
import { PACKET_OVERHEAD_BYTES } from './console-frame.ts';
import { crc16Xmodem } from './crc16-xmodem.ts';
import type { FrameDamage } from './framing.ts';

/** Zephyr's longest: a 16-bit length counts message and CRC, in base64. */
const MAX_CHARACTERS = base64Length(0xffff + 2);
const GROUP_CHARACTERS = 4;
const GROUP_BYTES = 3;
const NOTHING = new Uint8Array();

/**
 * Decodes one packet while its base64 characters arrive, and yields the message when it is whole. Groups may be cut
 * anywhere between lines. Holds at most one packet, 64 KiB.
 */
export class ConsolePacket {
  /** As long as the first group says that the packet is, or what an earlier packet has left. */
  #bytes = NOTHING;
  #byteCount = 0;
  #characterCount = 0;
  #packetBytes: number | undefined;
  readonly #group = new Uint8Array(GROUP_CHARACTERS);
  /** The length is known, and no padding has ended the packet. */
  #isOpen = false;
  /** Every group behind the first was one, in its place. */
  #isSound = true;

  /** Takes the characters of a line from `start` on, as far as they are base64; returns where they end. */
  take(received: Uint8Array, start: number): number {
    let index = start;
    for (;;) {
      if (this.#isOpen && this.#characterCount % GROUP_CHARACTERS === 0) {
        index = this.#takeGroups(received, index);
      }
      if (index === received.length || !isBase64Character(received[index] as number)) return index;
      this.#takeCharacter(received[index++] as number);
    }
  }

  get isEmpty(): boolean {
    return this.#characterCount === 0;
  }

  /** Whether there are more characters than any packet has. */
  get isTooLong(): boolean {
    return this.#characterCount > MAX_CHARACTERS;
  }

  /** At the end of a line: the whole message, why it can never be one, or `undefined` while lines are missing. */
  complete(): Uint8Array | FrameDamage | undefined {
    if (this.#characterCount < GROUP_CHARACTERS) return undefined;
    const packetBytes = this.#packetBytes;
    if (packetBytes === undefined) return 'characters';
    const expected = base64Length(packetBytes);
    if (packetBytes <= PACKET_OVERHEAD_BYTES || this.#characterCount > expected) return 'length';
    if (this.#characterCount < expected) return undefined;
    if (!this.#isSound) return 'characters';
    if (this.#byteCount !== packetBytes) return 'length';
    return crc16Xmodem(this.#bytes.subarray(2, packetBytes)) === 0 ? this.#handOver(packetBytes) : 'crc';
  }

  /** Forgets and wipes everything. */
  clear(): void {
    this.#bytes.fill(0, 0, this.#byteCount);
    this.#group.fill(0);
    this.#byteCount = 0;
    this.#characterCount = 0;
    this.#packetBytes = undefined;
    this.#isOpen = false;
    this.#isSound = true;
  }

  /** The receiver owns the buffer from now on, and wipes it. */
  #handOver(packetBytes: number): Uint8Array {
    const message = this.#bytes.subarray(2, packetBytes - 2);
    this.#bytes = NOTHING;
    this.#byteCount = 0;
    return message;
  }

  #takeGroups(received: Uint8Array, start: number): number {
    const end = decodeBase64Groups(received, start, this.#bytes, this.#byteCount);
    const groups = (end - start) / GROUP_CHARACTERS;
    this.#characterCount += end - start;
    this.#byteCount += groups * GROUP_BYTES;
    return end;
  }

  /** One by one: those of the first group, of one that reads or lines have cut, of the last, and what is none. */
  #takeCharacter(character: number): void {
    this.#group[this.#characterCount % GROUP_CHARACTERS] = character;
    this.#characterCount++;
    if (this.#characterCount === GROUP_CHARACTERS) this.#begin();
    else if (this.#characterCount % GROUP_CHARACTERS === 0) this.#endGroup();
  }

  /** The first group says how long the packet is, without its own two bytes. */
  #begin(): void {
    const head = new Uint8Array(GROUP_BYTES);
    if (decodeBase64Group(this.#group, 0, head, 0) < GROUP_BYTES) return;
    this.#packetBytes = 2 + (((head[0] as number) << 8) | (head[1] as number));
    const room = Math.ceil(this.#packetBytes / GROUP_BYTES) * GROUP_BYTES;
    if (this.#bytes.length < room) this.#bytes = new Uint8Array(room);
    this.#bytes.set(head);
    this.#byteCount = GROUP_BYTES;
    this.#isOpen = true;
  }

  #endGroup(): void {
    if (this.#byteCount + GROUP_BYTES > this.#bytes.length) return; // the count of characters shows it
    const added = this.#isOpen ? decodeBase64Group(this.#group, 0, this.#bytes, this.#byteCount) : 0;
    this.#byteCount += added;
    this.#isOpen = added === GROUP_BYTES;
    if (added === 0) this.#isSound = false;
  }
}
