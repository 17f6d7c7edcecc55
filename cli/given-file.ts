import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { errnoOf } from '../disk/errno.ts';
import { CommandError } from './exit-status.ts';

/** What a person was to name in a command: `content` as in "give a certificate in DER or PEM", and how large it can be. */
export interface Wanted {
  readonly content: string;
  readonly maxBytes: number;
}

const MIB = 2 ** 20;

const BLOCK_BYTES = 64 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'you have no permission',
  EPERM: 'you have no permission',
};

/** The bytes of a file that a person named. Throws `unknown` for a folder, one that is too large, or cannot be read. */
export function readGivenFile(path: string, wanted: Wanted): Buffer {
  try {
    return readAtMost(path, wanted.maxBytes);
  } catch (error) {
    throw unreadable(path, wanted, error);
  }
}

/** The error for a file that a person named, from what was thrown when it was read. */
export function unreadable(path: string, { content }: Wanted, error: unknown): CommandError {
  const reason = REASONS[errnoOf(error) ?? ''] ?? errnoOf(error) ?? (error as Error).message;
  const message = `The file ${path} cannot be read (${reason}): give ${content}.`;
  return new CommandError('unknown', message, { cause: error });
}

/** A device or a pipe does not say how much there is to read. */
function readAtMost(path: string, maxBytes: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const parts: Buffer[] = [];
    let length = fstatSync(file).size > maxBytes ? Infinity : 0;
    while (length <= maxBytes) {
      const block = Buffer.allocUnsafe(BLOCK_BYTES);
      const read = readSync(file, block);
      if (read === 0) return Buffer.concat(parts);
      parts.push(block.subarray(0, read));
      length += read;
    }
    throw new Error(`it has more than ${maxBytes / MIB} MiB`);
  } finally {
    closeSync(file);
  }
}
