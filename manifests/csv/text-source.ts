import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { IssueCode } from '../issue-codes.ts';
import { otherText } from './other-texts.ts';

/** How the text of a file is written. */
export interface TextForm {
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be';
  /** Bytes of the byte order mark; 0 without one. */
  readonly markBytes: number;
  /** What the first line ends with; old programs end lines with CR alone. */
  readonly lineEnd: 'LF' | 'CR LF' | 'CR';
}

/** Why a file is no CSV text; `detail` names what it is. */
export interface ForeignFile {
  readonly fault: IssueCode;
  readonly detail?: string;
}

/**
 * Leading bytes of ZIP (PKWARE APPNOTE §4.3.7, so XLSX and ODS), OLE compound files (MS-CFB §2.2, so XLS), gzip, and
 * AppleDouble (RFC 1740), which macOS writes beside a file on a drive of another system.
 */
const NOT_TEXT = ['504b0304', 'd0cf11e0', '1f8b', '00051607'];

/** The leading bytes of a PDF: what a sheet was printed to. */
const PDF = '25504446';

/** Byte order marks (Unicode §23.8). Those of UTF-32 come first: one of them begins with a mark of UTF-16. */
const UTF32_MARKS = ['fffe0000', '0000feff'];
const MARKS = [
  { mark: 'efbbbf', encoding: 'utf-8' },
  { mark: 'fffe', encoding: 'utf-16le' },
  { mark: 'feff', encoding: 'utf-16be' },
] as const;

/** Enough for the first lines of any manifest. */
const HEAD_BYTES = 64 * 1024;

/** One read of the file: about a thousand CSV rows, which die young in memory. */
const BLOCK_BYTES = 32 * 1024;

const CR = 0x0d;
const LF = 0x0a;

/** Finds out by the first bytes how the text of a file is written, or that it is no text of ours. */
export async function textForm(path: string): Promise<TextForm | ForeignFile> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const form = formOf(buffer.subarray(0, bytesRead));
    const isWide = 'encoding' in form && form.encoding !== 'utf-8';
    // A character of UTF-16 has two bytes or four.
    return isWide && (await file.stat()).size % 2 === 1 ? { fault: 'MANIFEST_CUT_SHORT' } : form;
  } finally {
    await file.close();
  }
}

/** The text as UTF-8 without a byte order mark, with LF or CR LF as line breaks, in blocks as they are read. */
export async function* readText(path: string, form: TextForm): AsyncGenerator<Buffer> {
  const blocks: AsyncIterable<Buffer> = createReadStream(path, {
    highWaterMark: BLOCK_BYTES,
    start: form.markBytes,
  });
  const decoder =
    form.encoding === 'utf-8' ? undefined : new TextDecoder(form.encoding, { ignoreBOM: true, fatal: false });
  const ends = form.lineEnd === 'CR' ? new LineEnds() : undefined;
  for await (const block of blocks) {
    const text = decoder ? Buffer.from(decoder.decode(block, { stream: true })) : block;
    yield ends?.asLf(text) ?? text;
  }
  const rest = decoder?.decode() ?? '';
  if (rest !== '') yield Buffer.from(rest);
}

/** Makes each CR a LF, and also CR LF, which another program may have written below the first line. */
class LineEnds {
  #isAfterCr = false;

  /** The next block, changed in place. */
  asLf(block: Buffer): Buffer {
    const text = this.#isAfterCr && block[0] === LF ? block.subarray(1) : block;
    this.#isAfterCr = block.length === 0 ? this.#isAfterCr : block.at(-1) === CR;
    for (let at = text.indexOf(CR); at !== -1; at = text.indexOf(CR, at + 1))
      if (text[at + 1] !== LF) text[at] = LF;
    return text;
  }
}

function formOf(head: Buffer): TextForm | ForeignFile {
  const hex = head.subarray(0, 4).toString('hex');
  if (head.length === 0) return { fault: 'MANIFEST_EMPTY' };
  if (NOT_TEXT.some((mark) => hex.startsWith(mark))) return { fault: 'MANIFEST_NOT_TEXT' };
  if (hex === PDF) return { fault: 'MANIFEST_NOT_TEXT', detail: 'a PDF' };
  if (UTF32_MARKS.includes(hex)) return { fault: 'MANIFEST_UTF32' };
  const marked = MARKS.find(({ mark }) => hex.startsWith(mark));
  const markBytes = marked === undefined ? 0 : marked.mark.length / 2;
  if (head.length === markBytes) return { fault: 'MANIFEST_EMPTY' };
  const encoding = marked?.encoding ?? unmarked(head);
  if (encoding === undefined) return { fault: 'MANIFEST_UTF32' };
  const text = new TextDecoder(encoding).decode(head);
  const other = otherText(text);
  if (other !== undefined) return { fault: 'MANIFEST_NOT_CSV', detail: other };
  return { encoding, markBytes, lineEnd: lineEndOf(text) };
}

/** Without a mark: ASCII in UTF-16 has a NUL in every second byte. Undefined for UTF-32, which has three of four. */
function unmarked(head: Buffer): TextForm['encoding'] | undefined {
  const start = head.subarray(0, 64);
  if (start.length < 4) return 'utf-8';
  const pairs = Math.floor(start.length / 2);
  const nulls = [0, 1].map((parity) => start.filter((byte, at) => at % 2 === parity && byte === 0).length);
  const [even = 0, odd = 0] = nulls;
  if (even + odd > 1.25 * pairs && start[0] !== start[1]) return undefined;
  if (odd >= 0.8 * pairs && even === 0) return 'utf-16le';
  return even >= 0.8 * pairs && odd === 0 ? 'utf-16be' : 'utf-8';
}

function lineEndOf(text: string): TextForm['lineEnd'] {
  const end = /[\r\n]+/.exec(text)?.[0] ?? '\n';
  if (!end.startsWith('\r')) return 'LF';
  return end.includes('\n') ? 'CR LF' : 'CR';
}
