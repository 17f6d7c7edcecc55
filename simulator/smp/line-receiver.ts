// Zephyr's input side of "SMP over console": the UART interrupt cuts the stream into a few line buffers, the system
// work queue joins lines to packets. Whatever is wrong is dropped without an answer; there is no NAK.

import { decodeBase64Strict } from './base64-strict.ts';
import { crc16Xmodem } from './crc16-xmodem.ts';

const NEWLINE = 0x0a;
const FIRST_MARKER = 0x0609;
const LATER_MARKER = 0x0414;

/** Why received bytes were dropped; kept for tests and for a person, never sent. */
export type DropReason =
  | 'no-line-buffer'
  | 'line-too-long'
  | 'not-a-frame'
  | 'continuation-without-start'
  | 'bad-base64'
  | 'packet-too-long'
  | 'longer-than-announced'
  | 'bad-crc'
  | 'restarted'
  | 'no-packet-buffer';

/** The sizes of the receiver, all of them Kconfig values of the firmware. */
export interface ReceiverLimits {
  /** Bytes per line buffer, newline included. */
  readonly rxLineSize: number;
  readonly rxLineCount: number;
  /** With flow control the UART pauses the sender instead of losing lines. */
  readonly rxFlowControl: boolean;
  /** Bytes of the packet buffer: length field, message and CRC. */
  readonly netBufSize: number;
}

/** Assembles SMP messages from the byte stream of one UART. */
export class LineReceiver {
  /** Every drop since power-up, oldest first. */
  readonly drops: DropReason[] = [];
  readonly #limits: ReceiverLimits;
  readonly #lineHandlingMs: number;
  readonly #allocate: () => boolean;
  /** When each line buffer that still waits for the work queue is free again. */
  #busyUntil: number[] = [];
  #line: Uint8Array | undefined;
  #ignoring = false;
  #packet: { bytes: Uint8Array; announced: number } | undefined;
  #holdsNetBuf = false;

  /**
   * `lineHandlingMs` is how long the work queue keeps a line buffer; `allocate` takes a packet buffer from the pool.
   */
  constructor(limits: ReceiverLimits, lineHandlingMs: number, allocate: () => boolean) {
    this.#limits = limits;
    this.#lineHandlingMs = lineHandlingMs;
    this.#allocate = allocate;
  }

  /**
   * Whether the receive context holds a packet buffer of the pool, as it does from the first line on, garbage included.
   */
  get holdsNetBuf(): boolean {
    return this.#holdsNetBuf;
  }

  /** Bytes of an unfinished line or packet that still wait; 0 when the stream ended cleanly. */
  get pendingBytes(): number {
    return (this.#line?.length ?? 0) + (this.#packet?.bytes.length ?? 0);
  }

  /** Feeds bytes that arrive at `nowMs`; hands on each complete message (header and CBOR, without length and CRC). */
  feed(bytes: Uint8Array, nowMs: number, onMessage: (message: Uint8Array) => void): void {
    let completed = false;
    for (let start = 0; start < bytes.length;) {
      const newline = bytes.indexOf(NEWLINE, start);
      const end = newline < 0 ? bytes.length : newline + 1;
      const line = this.#onPiece(bytes.subarray(start, end), newline >= 0, nowMs);
      const message = line && this.#onLine(line, nowMs);
      if (message) {
        completed = true;
        onMessage(message);
      }
      start = end;
    }
    // The work queue runs after the burst. A packet is passed on only when its lines were handled: their buffers are
    // free then.
    if (completed) this.#busyUntil = [];
  }

  /** Takes a piece of a line, its end included where `ends`; gives the line when it is whole. */
  #onPiece(piece: Uint8Array, ends: boolean, nowMs: number): Uint8Array | undefined {
    if (!this.#ignoring && !this.#line) this.#takeBuffer(nowMs);
    if (this.#line && this.#line.length + piece.length > this.#limits.rxLineSize) {
      this.#line = undefined;
      this.#ignore('line-too-long');
    }
    if (this.#line) this.#line = Buffer.concat([this.#line, piece]);
    if (!ends) return undefined;
    this.#ignoring = false;
    const line = this.#line;
    this.#line = undefined;
    return line;
  }

  #takeBuffer(nowMs: number): void {
    this.#busyUntil = this.#busyUntil.filter((until) => until > nowMs);
    if (this.#limits.rxFlowControl || this.#busyUntil.length < this.#limits.rxLineCount)
      this.#line = new Uint8Array();
    else this.#ignore('no-line-buffer');
  }

  #ignore(reason: DropReason): void {
    this.#ignoring = true;
    this.#drop(reason);
  }

  #onLine(line: Uint8Array, nowMs: number): Uint8Array | undefined {
    if (!this.#holdsNetBuf && !this.#allocate()) return this.#drop('no-packet-buffer');
    this.#holdsNetBuf = true;
    this.#busyUntil.push(nowMs + this.#lineHandlingMs);
    return this.#joinLine(line);
  }

  #joinLine(line: Uint8Array): Uint8Array | undefined {
    const marker = ((line[0] ?? 0) << 8) | (line[1] ?? 0);
    if (line.length < 2 || (marker !== FIRST_MARKER && marker !== LATER_MARKER))
      return this.#drop('not-a-frame');
    const first = marker === FIRST_MARKER;
    if (first && this.#packet) this.#drop('restarted');
    // Right after the length field the buffer counts as empty, so a continuation is refused then, too.
    if (!first && !this.#packet?.bytes.length) return this.#giveUp('continuation-without-start');
    const raw = decodeBase64Strict(line.subarray(2));
    if (!raw) return this.#giveUp('bad-base64');
    if (first && raw.length < 2) return this.#giveUp('bad-base64');
    this.#packet = {
      announced: first ? ((raw[0] ?? 0) << 8) | (raw[1] ?? 0) : (this.#packet?.announced ?? 0),
      bytes: first ? raw.subarray(2) : Buffer.concat([this.#packet?.bytes ?? new Uint8Array(), raw]),
    };
    return this.#completed(this.#packet);
  }

  #completed(packet: { bytes: Uint8Array; announced: number }): Uint8Array | undefined {
    if (packet.bytes.length + 2 > this.#limits.netBufSize) return this.#giveUp('packet-too-long');
    if (packet.bytes.length < packet.announced) return undefined;
    if (packet.bytes.length > packet.announced) return this.#giveUp('longer-than-announced');
    if (packet.bytes.length < 2 || crc16Xmodem(packet.bytes) !== 0) return this.#giveUp('bad-crc');
    this.#free();
    return packet.bytes.subarray(0, -2);
  }

  #giveUp(reason: DropReason): undefined {
    this.#free();
    return this.#drop(reason);
  }

  #free(): void {
    this.#packet = undefined;
    this.#holdsNetBuf = false;
  }

  #drop(reason: DropReason): undefined {
    this.drops.push(reason);
  }
}
