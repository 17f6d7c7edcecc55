import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isPrivateFile } from '../../disk/private-file.ts';

const KEY_LENGTH = 32;
const SALT_LENGTH = 16;

/** The PIN in a file of mode 0600 or less, without the newline at its end; a string, because the library takes no other. */
export function readPin(path: string): string {
  if (!isPrivateFile(path)) throw new Error(`others can read the PIN file ${path}: chmod 600 it`);
  const bytes = readFileSync(path);
  try {
    return bytes.toString('utf8').replace(/\r?\n$/, '');
  } finally {
    bytes.fill(0);
  }
}

/** Whether the token refused this very PIN before. Tokens lock after three wrong ones, and a supervisor restarts for ever. */
export function wasRefused(refusalFile: string, pin: string): boolean {
  const remembered = readOrUndefined(refusalFile);
  if (remembered === undefined) return false;
  const [salt, hash] = remembered.split(':').map((part) => Buffer.from(part, 'hex'));
  return hash?.length === KEY_LENGTH && timingSafeEqual(scryptSync(pin, salt!, KEY_LENGTH), hash);
}

/** Remembers a refused PIN, hashed: it is wrong, but may be next to the right one. */
export function rememberRefused(refusalFile: string, pin: string): void {
  const salt = randomBytes(SALT_LENGTH);
  const text = `${salt.toString('hex')}:${scryptSync(pin, salt, KEY_LENGTH).toString('hex')}`;
  writeFileSync(`${refusalFile}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${refusalFile}.new`, refusalFile);
}

/** The token takes the PIN: what it refused earlier is of no interest any more. */
export function forgetRefused(refusalFile: string): void {
  rmSync(refusalFile, { force: true });
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
