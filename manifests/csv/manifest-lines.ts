import { createReadStream } from 'node:fs';
import type { IssueCode } from '../issue-codes.ts';

/** Ten times the widest row of an ordinary manifest, and room for 32 attributes of 256 characters with commas. */
export const MAX_LINE_CHARACTERS = 16_384;

/** A UTF-16 code unit takes at most 3 bytes in UTF-8, so a line of more bytes has too many characters. */
const MAX_LINE_BYTES = 3 * MAX_LINE_CHARACTERS;

/** One read of the file; some thousand rows. */
const BLOCK_BYTES = 256 * 1024;

const LF = 0x0a;
const BYTE_ORDER_MARK = '\uFEFF';

/** A line of the file. A cell has no line break, so a line is a CSV row, and a fault affects only its own line. */
export interface ManifestLine {
  /** From 1. */
  readonly number: number;
  /** The text without its line break; for a line with a `fault`, the part that can be shown. */
  readonly text: string;
  readonly fault?: IssueCode;
}

/**
 * Splits the file at `path` into lines and yields a few thousand at a time. UTF-8 only, a byte order mark is allowed,
 * LF or CR LF but the same throughout. Needs memory for one block and one line, whatever the file contains.
 */
export async function* readManifestLines(path: string): AsyncGenerator<ManifestLine[]> {
  const cutter = new LineCutter();
  const blocks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: BLOCK_BYTES });
  for await (const block of blocks) yield cutter.push(block);
  yield cutter.end();
}

class LineCutter {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #rest: Buffer = Buffer.alloc(0);
  #count = 0;
  /** Whether lines end with CR LF, as the first one did. */
  #crLf = false;

  push(block: Buffer): ManifestLine[] {
    const bytes = this.#rest.length === 0 ? block : Buffer.concat([this.#rest, block]);
    const end = bytes.lastIndexOf(LF) + 1;
    // The part cut off here is beyond the limit; the rest still shows that the line is too long.
    this.#rest = Buffer.from(bytes.subarray(end, end + MAX_LINE_BYTES + 1));
    return end === 0 ? [] : this.#cut(bytes.subarray(0, end - 1));
  }

  end(): ManifestLine[] {
    if (this.#rest.length === 0) return [];
    const text = lossy(this.#rest);
    this.#count += 1;
    return [{ number: this.#count, text, fault: 'MANIFEST_FINAL_NEWLINE' }];
  }

  #cut(bytes: Buffer): ManifestLine[] {
    const text = this.#decode(bytes);
    if (text !== undefined) return text.split('\n').map((line) => this.#line(line));
    return cutBytes(bytes).map((line) => this.#uncertainLine(line));
  }

  #decode(bytes: Buffer): string | undefined {
    try {
      return this.#decoder.decode(bytes);
    } catch {
      return undefined;
    }
  }

  /** A line of a block in which some byte is not UTF-8. */
  #uncertainLine(bytes: Buffer): ManifestLine {
    const text = this.#decode(bytes);
    if (text !== undefined) return this.#line(text);
    this.#count += 1;
    const fault = bytes.length > MAX_LINE_BYTES ? 'MANIFEST_LINE_TOO_LONG' : 'MANIFEST_ENCODING';
    return { number: this.#count, text: lossy(bytes), fault };
  }

  #line(raw: string): ManifestLine {
    this.#count += 1;
    const crLf = raw.endsWith('\r');
    if (this.#count === 1) this.#crLf = crLf;
    let text = crLf ? raw.slice(0, -1) : raw;
    if (this.#count === 1 && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
    if (text.length > MAX_LINE_CHARACTERS)
      return { number: this.#count, text, fault: 'MANIFEST_LINE_TOO_LONG' };
    if (crLf !== this.#crLf) return { number: this.#count, text, fault: 'MANIFEST_LINE_ENDING' };
    return { number: this.#count, text };
  }
}

function cutBytes(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  lines.push(bytes.subarray(start));
  return lines;
}

/** Only to be shown: bytes that are not UTF-8 become U+FFFD. */
function lossy(bytes: Buffer): string {
  return bytes.subarray(0, MAX_LINE_CHARACTERS).toString('utf8');
}
