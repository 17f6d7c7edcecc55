import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { errnoOf } from '../../disk/errno.ts';
import { readPrivateFile } from '../../disk/private-file.ts';
import { writeWholeSync } from '../../disk/write-whole.ts';
import type { Pkcs11Key } from './pkcs11-key.ts';

const KEY_LENGTH = 32;
const SALT_LENGTH = 16;

/** The PIN in a private file, without the newline at its end; a string, because the library takes no other. */
export function readPin(path: string): string {
  const bytes = readPrivateFile(path, 'the PIN file');
  try {
    return bytes.toString('utf8').replace(/\r?\n$/, '');
  } finally {
    bytes.fill(0);
  }
}

/**
 * Whether the token refused this very PIN before. Tokens lock after three wrong ones, and a supervisor restarts without
 * end.
 */
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
  writeWholeSync(refusalFile, 0o600, text);
}

/** The token accepts the PIN: what it refused earlier no longer matters. */
export function forgetRefused(refusalFile: string): void {
  rmSync(refusalFile, { force: true });
}

/** Differs when somebody has written the PIN file again, or removed what is remembered of a refusal. */
export function pinSight({ pinFile, refusalFile }: Pick<Pkcs11Key, 'pinFile' | 'refusalFile'>): string {
  return [pinFile, refusalFile]
    .map((path) => statSync(path, { throwIfNoEntry: false }))
    .map((stats) => (stats === undefined ? 'none' : `${stats.ino} ${stats.size} ${stats.mtimeMs}`))
    .join(', ');
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
