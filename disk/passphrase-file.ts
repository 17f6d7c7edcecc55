import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** 256 bits: nobody has to remember them. */
const PASSPHRASE_BYTES = 32;

/** Makes a random passphrase in a file of mode 0600 unless the file is there; true when it was made. */
export function ensurePassphraseFile(path: string): boolean {
  if (existsSync(path)) return false;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, `${randomBytes(PASSPHRASE_BYTES).toString('base64url')}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return true;
}
