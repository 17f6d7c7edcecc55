/** Room for 32 attributes of 256 characters in any script, and for thousands of empty columns. */
export const MAX_LINE_BYTES = 49_152;

const LF = 0x0a;
const NUL = 0x00;
const CTRL_Z = 0x1a;

/** What is wrong with the end of a file. */
export type TextEnd = 'no-line-break' | 'ctrl-z' | 'nul';

/** Lines of a text. */
export interface LineBlock {
  /** Whole lines: each ends with LF, also the last one of a file that does not. */
  readonly bytes: Buffer;
  /** A line is longer than MAX_LINE_BYTES, and only its beginning is here. */
  readonly hasLong: boolean;
  /** In the last block, unless the text ends with a line break. */
  readonly end?: TextEnd;
}

/**
 * Cuts a text into blocks of whole lines. Needs memory for one block and one line, whatever the text contains. Without
 * a line break at the end, the last line is a block of its own.
 */
export async function* lineBlocks(text: AsyncIterable<Buffer>): AsyncGenerator<LineBlock> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const block of text) {
    const bytes = rest.length === 0 ? block : Buffer.concat([rest, block]);
    const end = bytes.lastIndexOf(LF) + 1;
    const hasLong = end > 0 && bytes.indexOf(LF) > MAX_LINE_BYTES;
    // What is cut off here is beyond the limit; the beginning still shows that the line is too long.
    rest = Buffer.from(bytes.subarray(end, end + MAX_LINE_BYTES + 1));
    if (end > 0) yield { bytes: bytes.subarray(0, end), hasLong };
  }
  if (rest.length > 0) yield lastLine(rest);
}

function lastLine(rest: Buffer): LineBlock {
  const last = rest.at(-1);
  const length = rest.findLastIndex((byte) => byte !== last) + 1;
  const isTail = last === NUL || last === CTRL_Z;
  const text = isTail ? rest.subarray(0, length) : rest;
  const bytes = text.length === 0 ? text : Buffer.concat([text, Buffer.of(LF)]);
  const end = last === NUL ? 'nul' : last === CTRL_Z ? 'ctrl-z' : 'no-line-break';
  return { bytes, hasLong: rest.length > MAX_LINE_BYTES, end };
}
