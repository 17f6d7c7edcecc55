import { createReadStream } from 'node:fs';
import { unreadable } from './given-file.ts';
import type { Wanted } from './given-file.ts';

const LINE_FEED = 0x0a;

/**
 * The text lines of a file that a person named, from a byte of it on, however large the file is; `maxBytes` is what a line can
 * have. Throws `unknown` for a folder, a longer line, or a file that cannot be read.
 */
export async function* readGivenLines(path: string, wanted: Wanted, start = 0): AsyncGenerator<string> {
  try {
    yield* linesOf(createReadStream(path, { start }), wanted.maxBytes);
  } catch (error) {
    throw unreadable(path, wanted, error);
  }
}

/** Only a line feed ends a line: a text in JSON may have what ends lines elsewhere. */
async function* linesOf(bytes: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<string> {
  let begun: Buffer[] = [];
  let length = 0;
  for await (const block of bytes) {
    let from = 0;
    for (let end = block.indexOf(LINE_FEED); end !== -1; end = block.indexOf(LINE_FEED, from)) {
      yield Buffer.concat([...begun, block.subarray(from, end)]).toString();
      [begun, length, from] = [[], 0, end + 1];
    }
    begun.push(block.subarray(from));
    length += block.length - from;
    if (length > maxBytes) throw new Error('it has a text line that is too long');
  }
  if (length > 0) yield Buffer.concat(begun).toString();
}
