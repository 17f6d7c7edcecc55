import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder.ts';
import { writeWholeSync } from './write-whole.ts';

/** 256 bits: nobody has to remember them. */
const PASSPHRASE_BYTES = 32;

/** Makes a random passphrase in a file of mode 0600 unless there is one; true when it was made. */
export function ensurePassphraseFile(path: string): boolean {
  if (existsSync(path)) return false;
  makeFolder(dirname(path), 0o700);
  writeWholeSync(path, 0o600, `${newPassphrase()}\n`);
  return true;
}

/** A random passphrase. */
export function newPassphrase(): string {
  return randomBytes(PASSPHRASE_BYTES).toString('base64url');
}
