import { plainText } from './plain-text.ts';
import { printable } from './printable.ts';
import { UnprintableBytes } from './unprintable-bytes.ts';

/**
 * What a port has shown beside answers. `echo`: what is sent comes back. `garbage`: bytes that are no text, as at a
 * wrong baud rate. `fault`: the firmware's report of its own crash. `console`: a shell without SMP. `text`: logs and
 * the like.
 */
export type Seen = 'echo' | 'garbage' | 'fault' | 'console' | 'text';

/** Enough for a fault dump of Zephyr and what is printed behind it. */
const TAIL_BYTES = 4_096;
/** Fewer bytes may be a glitch of a cable that was plugged in. */
const GARBAGE_BYTES = 4;
const GARBAGE_SHARE = 0.25;
const MOST_FAULT_LINES = 4;
const LINE_CHARACTERS = 120;

/** How firmware says that it has crashed: Zephyr's fatal errors and asserts, other kernels' panics. */
const FAULT_MARKS = [
  'FATAL ERROR',
  'FAULT *',
  'ASSERTION FAIL',
  'Faulting instruction',
  'Halting system',
  'stack overflow',
  'Guru Meditation',
  'panic',
].map((mark) => Buffer.from(mark));
/** A shell's prompt at the end, its complaint about a frame, or the frame itself as it was typed. */
const CONSOLE = /[$#>%] ?$|command not found|unknown command|(^|\s)AA[A-Za-z0-9+/]{10,}={0,2}/im;
/** A piece of a frame, which may be one of a key. */
const FRAME_PIECE = /[A-Za-z0-9+/=]{24,}/g;

/**
 * Keeps the end of what a board printed, to say in an error what was seen. While a secret passes it becomes no string.
 */
export class Sightings {
  readonly #tail = Buffer.alloc(TAIL_BYTES);
  #tailBytes = 0;
  #bytes = 0;
  readonly #unprintable = new UnprintableBytes();
  #hasEcho = false;
  #isSecret = false;

  add(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    this.#unprintable.add(bytes);
    const piece = bytes.subarray(-TAIL_BYTES);
    const overflow = Math.max(0, this.#tailBytes + piece.length - TAIL_BYTES);
    this.#tail.copyWithin(0, overflow, this.#tailBytes);
    this.#tailBytes -= overflow;
    this.#tail.set(piece, this.#tailBytes);
    this.#tailBytes += piece.length;
  }

  /** A request came back as it was sent. */
  addEcho(): void {
    this.#hasEcho = true;
  }

  /** What was printed while a secret passed may hold parts of it, and is forgotten afterwards. */
  setSecret(isSecret: boolean): void {
    if (this.#isSecret && !isSecret) this.wipe();
    this.#isSecret = isSecret;
  }

  wipe(): void {
    this.#tail.fill(0);
    this.#tailBytes = 0;
  }

  /** All that was seen, the most telling first. */
  get seen(): readonly Seen[] {
    const found: readonly [Seen, boolean][] = [
      ['fault', this.faultText !== ''],
      ['echo', this.#hasEcho],
      ['garbage', this.#isGarbage],
      ['console', !this.#isGarbage && CONSOLE.test(this.#text)],
      ['text', this.#bytes > 0 && !this.#isGarbage],
    ];
    return found.filter(([, isSeen]) => isSeen).map(([seen]) => seen);
  }

  /**
   * What the firmware said of its crash, on one line and fit for a terminal; empty when it said nothing of the kind.
   */
  get faultText(): string {
    const lines: string[] = [];
    for (let start = 0; start < this.#tailBytes && lines.length < MOST_FAULT_LINES;) {
      const newline = this.#tail.indexOf(0x0a, start);
      const end = newline < 0 || newline > this.#tailBytes ? this.#tailBytes : newline;
      const line = this.#tail.subarray(start, end);
      if (FAULT_MARKS.some((mark) => line.includes(mark))) lines.push(shown(line));
      start = end + 1;
    }
    return lines.join(' | ');
  }

  /** The last line of text, fit for a terminal. */
  get lastLine(): string {
    const lines = this.#text.split('\n').filter((line) => line.trim() !== '');
    return shown(Buffer.from(lines.at(-1) ?? ''));
  }

  get #text(): string {
    return this.#isSecret ? '' : plainText(this.#tail.toString('utf8', 0, this.#tailBytes));
  }

  get #isGarbage(): boolean {
    const { count } = this.#unprintable;
    return count >= GARBAGE_BYTES && count >= this.#bytes * GARBAGE_SHARE;
  }
}

function shown(line: Uint8Array): string {
  const text = plainText(Buffer.from(line).toString('utf8'));
  return printable(text.replaceAll(FRAME_PIECE, '…')).trim().slice(0, LINE_CHARACTERS);
}
