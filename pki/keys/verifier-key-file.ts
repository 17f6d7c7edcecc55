import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from '../../disk/errno.ts';
import { makeFolder } from '../../disk/make-folder.ts';
import { writeWholeSync } from '../../disk/write-whole.ts';
import { PkiError } from '../pki-error.ts';
import { parseVerifier, verifierText } from './signed-note.ts';
import type { NoteVerifier } from './signed-note.ts';

/**
 * The verifier keys in a file, one a line; blank lines and lines that begin with `#` are left out. None when there is
 * no file. Throws VERIFIER_KEY_INVALID for a line that is no key, and for a file that cannot be read: a trust list must not be
 * read by halves.
 */
export function readVerifierKeys(path: string): NoteVerifier[] {
  return keysIn(readText(path), path);
}

/**
 * Adds a key to the list in a file, which it makes where there is none; a key that is in the list stays there once. Throws
 * VERIFIER_KEY_INVALID, and changes nothing, for a list that cannot be read.
 */
export function addVerifierKey(path: string, key: NoteVerifier): void {
  const before = readText(path);
  const added = verifierText(key);
  if (keysIn(before, path).some((known) => verifierText(known) === added)) return;
  // The person who wrote the last text line may have left out its end.
  const end = before === '' || before.endsWith('\n') ? '' : '\n';
  makeFolder(dirname(path), 0o700);
  writeWholeSync(path, 0o600, `${before}${end}${added}\n`);
  if (readVerifierKeys(path).some((known) => verifierText(known) === added)) return;
  const message = `The key of ${key.name} is not in ${path}, where it was written: find out which other program writes to this file.`;
  throw new PkiError('VERIFIER_KEY_INVALID', message);
}

function keysIn(list: string, path: string): NoteVerifier[] {
  const lines = list.split('\n').map((line) => line.trim());
  return lines.flatMap((line, index) => {
    if (line === '' || line.startsWith('#')) return [];
    const key = parseVerifier(line);
    if (key !== undefined) return [key];
    const message = `Text line ${index + 1} of ${path} is not a verifier key: copy the whole text line of the .vkey file, and give each key a text line of its own.`;
    throw new PkiError('VERIFIER_KEY_INVALID', message);
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return '';
    const why = errno === 'EISDIR' ? 'it is a folder' : (errno ?? 'it is too large');
    const message = `The keys in ${path} cannot be read (${why}): name a file with a public key in each text line.`;
    throw new PkiError('VERIFIER_KEY_INVALID', message, { cause: error });
  }
}
