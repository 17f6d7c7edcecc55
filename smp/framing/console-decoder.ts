import { isBase64Character } from './base64-bytes.ts';
import { FIRST_LINE_MARKER, LINE_END, NEXT_LINE_MARKER } from './console-frame.ts';
import { ConsolePacket } from './console-packet.ts';
import type { FrameDamage, FrameDecoder, FrameEvents } from './framing.ts';

const CARRIAGE_RETURN = 0x0d;

/** `orphan`: a continuation line whose packet is lost is skipped, so that no file content passes for text. */
type State = 'text' | 'marker' | 'line' | 'line end' | 'orphan';

/**
 * Finds console frames in a stream that logs, prompts and echoes share: a frame line may begin in the middle of a
 * text line, and text may come between the lines of a packet. Text inside a frame line breaks that frame.
 */
export class ConsoleDecoder implements FrameDecoder {
  readonly #events: FrameEvents;
  readonly #packet = new ConsolePacket();
  #state: State = 'text';
  #markerByte = 0;
  #wireBytes = 0;

  constructor(events: FrameEvents) {
    this.#events = events;
  }

  feed(bytes: Uint8Array): void {
    let textStart = 0;
    for (let index = 0; index < bytes.length;) {
      if (this.#state === 'line' && isBase64Character(bytes[index] as number)) {
        index = textStart = this.#takeContent(bytes, index);
        continue;
      }
      const byte = bytes[index] as number;
      if (this.#state === 'text') {
        if (byte === FIRST_LINE_MARKER[0] || byte === NEXT_LINE_MARKER[0]) {
          if (index > textStart) this.#events.text(bytes.subarray(textStart, index));
          this.#markerByte = byte;
          this.#state = 'marker';
        }
        index++;
      } else if (this.#step(byte)) {
        textStart = ++index;
      } else {
        textStart = index; // not part of a frame: looked at again as text
      }
    }
    if (this.#state === 'text' && textStart < bytes.length) this.#events.text(bytes.subarray(textStart));
  }

  reset(): void {
    this.#packet.clear();
    this.#state = 'text';
    this.#wireBytes = 0;
  }

  unanswered(): void {
    // The next packet's marker restarts by itself.
  }

  /** Takes one byte outside text; false hands it back to the text state. */
  #step(byte: number): boolean {
    if (this.#state === 'marker') return this.#marker(byte);
    if (this.#state === 'orphan') return this.#skipOrphan(byte);
    this.#wireBytes++;
    if (byte === LINE_END) return this.#endLine();
    if (this.#state === 'line' && byte === CARRIAGE_RETURN) {
      this.#state = 'line end';
      return true;
    }
    this.#drop('characters');
    return false;
  }

  /** Takes the characters of a frame line as far as they go; returns where they end. */
  #takeContent(bytes: Uint8Array, start: number): number {
    const end = this.#packet.take(bytes, start);
    this.#wireBytes += end - start;
    if (this.#packet.isTooLong) this.#drop('length');
    return end;
  }

  #marker(byte: number): boolean {
    const isFirst = this.#markerByte === FIRST_LINE_MARKER[0];
    if (byte !== (isFirst ? FIRST_LINE_MARKER[1] : NEXT_LINE_MARKER[1])) {
      this.#events.text(Uint8Array.of(this.#markerByte));
      this.#state = 'text';
      return false;
    }
    if (isFirst) this.#beginPacket();
    else if (this.#packet.isEmpty) return this.#beginOrphan();
    this.#wireBytes += 2;
    this.#state = 'line';
    return true;
  }

  #beginPacket(): void {
    if (!this.#packet.isEmpty) this.#drop('incomplete');
  }

  #beginOrphan(): true {
    this.#drop('orphan');
    this.#state = 'orphan';
    return true;
  }

  #skipOrphan(byte: number): boolean {
    if (isBase64Character(byte)) return true;
    this.#state = 'text';
    return byte === LINE_END;
  }

  #endLine(): boolean {
    this.#state = 'text';
    const message = this.#packet.complete();
    if (message === undefined) return true;
    if (typeof message === 'string') return this.#drop(message);
    const wireBytes = this.#wireBytes;
    this.reset();
    this.#events.message(message, wireBytes);
    return true;
  }

  #drop(damage: FrameDamage): true {
    this.reset();
    this.#events.damaged(damage);
    return true;
  }
}
