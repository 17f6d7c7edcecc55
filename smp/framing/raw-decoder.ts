import type { FrameDecoder, FrameEvents } from './framing.ts';
import { SMP_HEADER_BYTES, SMP_OP } from '../wire/smp-header.ts';

/** Zephyr's version bits and operation: everything else in the first byte is reserved. */
const RESERVED_BITS = 0b1110_0000;

/**
 * Cuts messages out of the raw UART stream of Zephyr 4.4, where header and body come without any frame. There is
 * no CRC and no marker: what cannot be the header of a response is passed over as text, byte by byte.
 */
export class RawDecoder implements FrameDecoder {
  readonly #events: FrameEvents;
  readonly #header = new Uint8Array(SMP_HEADER_BYTES);
  #headerBytes = 0;
  #message: Uint8Array | undefined;
  #messageBytes = 0;

  constructor(events: FrameEvents) {
    this.#events = events;
  }

  feed(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#message === undefined) this.#headerByte(bytes[at++] as number);
      else at += this.#bodyBytes(bytes.subarray(at));
      if (this.#message?.length === this.#messageBytes) this.#deliver();
    }
  }

  reset(): void {
    this.#message?.fill(0);
    this.#message = undefined;
    this.#headerBytes = 0;
  }

  unanswered(): void {
    if (this.#message === undefined && this.#headerBytes === 0) return;
    this.reset();
    this.#events.damaged('incomplete');
  }

  #headerByte(byte: number): void {
    this.#header[this.#headerBytes++] = byte;
    while (this.#headerBytes > 0 && !couldBeHeader(this.#header, this.#headerBytes)) this.#shift();
    if (this.#headerBytes < SMP_HEADER_BYTES) return;
    const length = ((this.#header[2] as number) << 8) | (this.#header[3] as number);
    this.#message = new Uint8Array(SMP_HEADER_BYTES + length);
    this.#message.set(this.#header);
    this.#messageBytes = SMP_HEADER_BYTES;
    this.#headerBytes = 0;
  }

  #shift(): void {
    this.#events.text(this.#header.subarray(0, 1));
    this.#header.copyWithin(0, 1);
    this.#headerBytes--;
  }

  #bodyBytes(bytes: Uint8Array): number {
    const message = this.#message as Uint8Array;
    const piece = bytes.subarray(0, message.length - this.#messageBytes);
    message.set(piece, this.#messageBytes);
    this.#messageBytes += piece.length;
    return piece.length;
  }

  #deliver(): void {
    const message = this.#message as Uint8Array;
    this.#message = undefined;
    this.#events.message(message, message.length);
  }
}

function couldBeHeader(header: Uint8Array, count: number): boolean {
  const first = header[0] as number;
  const op = first & 0b111;
  if ((first & RESERVED_BITS) !== 0 || (op !== SMP_OP.readResponse && op !== SMP_OP.writeResponse))
    return false;
  return count < 2 || header[1] === 0;
}
