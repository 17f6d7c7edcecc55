import { base64Length, decodeBase64, decodeBase64Group } from './base64-bytes.ts';
import { PACKET_OVERHEAD_BYTES } from './console-frame.ts';
import { crc16Xmodem } from './crc16-xmodem.ts';
import type { FrameDamage } from './framing.ts';

/** Zephyr's longest: a 16-bit length counts message and CRC, in base64. */
const MAX_CHARACTERS = base64Length(0xffff + 2);
const INITIAL_CHARACTERS = 1024;

/**
 * Collects the base64 characters of one packet, line by line, and yields the message when it is whole. Groups may
 * be cut anywhere between lines. Holds at most one packet, 88 kB.
 */
export class ConsolePacket {
  #characters = new Uint8Array(INITIAL_CHARACTERS);
  #count = 0;
  #packetBytes: number | undefined;

  /** Takes characters of a line; false when the packet would be longer than any can be. */
  add(characters: Uint8Array): boolean {
    const count = this.#count + characters.length;
    if (count > MAX_CHARACTERS) return false;
    if (count > this.#characters.length) this.#grow(count);
    this.#characters.set(characters, this.#count);
    this.#count = count;
    return true;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** At the end of a line: the whole message, why it can never be one, or `undefined` while lines are missing. */
  complete(): Uint8Array | FrameDamage | undefined {
    if (this.#count < 4) return undefined;
    this.#packetBytes ??= this.#announcedBytes();
    const packetBytes = this.#packetBytes;
    if (packetBytes === undefined) return 'characters';
    const expected = base64Length(packetBytes);
    if (packetBytes <= PACKET_OVERHEAD_BYTES || this.#count > expected) return 'length';
    return this.#count < expected ? undefined : this.#decode(packetBytes);
  }

  /** What the first group says of the whole, its own two bytes included. */
  #announcedBytes(): number | undefined {
    const head = new Uint8Array(3);
    if (decodeBase64Group(this.#characters, 0, head, 0) < 3) return undefined;
    return 2 + (((head[0] as number) << 8) | (head[1] as number));
  }

  /** Forgets and wipes everything. */
  clear(): void {
    this.#characters.fill(0, 0, this.#count);
    this.#count = 0;
    this.#packetBytes = undefined;
  }

  #decode(packetBytes: number): Uint8Array | FrameDamage {
    const packet = new Uint8Array(packetBytes + 2); // the last group is decoded before its padding is looked at
    const length = decodeBase64(this.#characters, this.#count, packet);
    if (length === undefined) return wiped(packet, 'characters');
    if (length !== packetBytes) return wiped(packet, 'length');
    if (crc16Xmodem(packet.subarray(2, packetBytes)) !== 0) return wiped(packet, 'crc');
    return packet.subarray(2, packetBytes - 2);
  }

  #grow(count: number): void {
    const larger = new Uint8Array(Math.min(Math.max(count, this.#characters.length * 4), MAX_CHARACTERS));
    larger.set(this.#characters);
    this.#characters.fill(0);
    this.#characters = larger;
  }
}

function wiped(packet: Uint8Array, damage: FrameDamage): FrameDamage {
  packet.fill(0);
  return damage;
}
