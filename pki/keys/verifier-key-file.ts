import { readFileSync } from 'node:fs';
import { errnoOf } from '../../disk/errno.ts';
import { PkiError } from '../pki-error.ts';
import { parseVerifier } from './signed-note.ts';
import type { NoteVerifier } from './signed-note.ts';

/**
 * The verifier keys in a file, one a line; blank lines and lines that begin with `#` are left out. None when there is
 * no file. Throws VERIFIER_KEY_INVALID for a line that is no key: a trust list must not be read by halves.
 */
export function readVerifierKeys(path: string): NoteVerifier[] {
  const lines = readLines(path).map((line) => line.trim());
  return lines.flatMap((line, index) => {
    if (line === '' || line.startsWith('#')) return [];
    const key = parseVerifier(line);
    if (key !== undefined) return [key];
    const message = `Text line ${index + 1} of ${path} is not a verifier key: copy the whole text line of the .vkey file.`;
    throw new PkiError('VERIFIER_KEY_INVALID', message);
  });
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
