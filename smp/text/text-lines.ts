import { plainText } from './plain-text.ts';

const LINE_END = 0x0a;
/** Longer lines are delivered in pieces, so that a board that never ends a line cannot fill the memory. */
const MAX_LINE_BYTES = 1024;

// oxlint-disable-next-line no-control-regex -- these are what must not reach a log
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Puts the text between the frames (logs, prompts) together to lines, without colours and control characters. */
export class TextLines {
  readonly #onLine: (line: string) => void;
  readonly #pending: number[] = [];
  #withheld = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(bytes: Uint8Array): void {
    if (this.#withheld) return;
    for (const byte of bytes) {
      if (byte !== LINE_END) this.#pending.push(byte);
      if (byte === LINE_END || this.#pending.length === MAX_LINE_BYTES) this.#deliver();
    }
  }

  /**
   * While a secret file passes nothing is delivered: a log line in the middle of a frame would let the rest of the
   * frame through as text.
   */
  withhold(withheld: boolean): void {
    if (withheld && !this.#withheld) this.#deliver();
    this.#withheld = withheld;
  }

  #deliver(): void {
    const text = plainText(Buffer.from(this.#pending).toString('utf8'));
    const line = text.replaceAll(UNPRINTABLE, '').trimEnd();
    this.#pending.length = 0;
    if (line !== '') this.#onLine(line);
  }
}
