/**
 * Counts the bytes that are no text. Text of any language is UTF-8; a wrong baud rate gives zeros, ones, and bytes that follow no lead
 * byte. A character may be cut into pieces.
 */
export class UnprintableBytes {
  #count = 0;
  /** Bytes of the character that is under way, and how many it still lacks. */
  #begun = 0;
  #lacking = 0;

  get count(): number {
    return this.#count;
  }

  add(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#lacking > 0 && isContinuation(byte)) {
        this.#begun++;
        this.#lacking--;
      } else {
        this.#begin(byte);
      }
    }
  }

  #begin(byte: number): void {
    if (this.#lacking > 0) this.#count += this.#begun;
    this.#begun = 1;
    this.#lacking = continuationsBehind(byte);
    if (this.#lacking === 0 && !isPrintableAscii(byte)) this.#count++;
  }
}

function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte <= 0xbf;
}

/** How many bytes follow a lead byte (RFC 3629 §4); 0 for any other byte. */
function continuationsBehind(byte: number): number {
  if (byte < 0xc2 || byte > 0xf4) return 0;
  if (byte < 0xe0) return 1;
  return byte < 0xf0 ? 2 : 3;
}

/** Escape begins colours; BEL to CR are what terminals expect. */
function isPrintableAscii(byte: number): boolean {
  if (byte < 0x20) return byte === 0x1b || (byte >= 0x07 && byte <= 0x0d);
  return byte < 0x7f;
}
