import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** A secret that others can read is no secret; the message says how to close the file. */
export class FileNotPrivateError extends Error {
  override readonly name = 'FileNotPrivateError';
}

/**
 * The bytes of a file that only its owner can read; the caller wipes them. `what` is the file in the error's sentence,
 * as in "the CA key". Throws {@link FileNotPrivateError}, or the file system's error.
 */
export function readPrivateFile(path: string, what: string): Buffer {
  const file = openSync(path, 'r');
  try {
    // Of the file that is open, so that nobody can exchange it between the check and the reading.
    const stats = fstatSync(file);
    // A folder cannot be read as a file, whatever its mode.
    if (!stats.isDirectory() && !isPrivate(path, stats.mode))
      throw new FileNotPrivateError(`Others can read ${what} ${path}: run "chmod 600 ${path}".`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Whether nobody but its owner can read a file of this mode. A credential that systemd gives to a service passes too:
 * systemd admits the service's user by an ACL, whose mask the mode shows as rights of a group, in a folder that nobody
 * else can enter (systemd.exec(5), LoadCredential=).
 */
function isPrivate(path: string, mode: number): boolean {
  const openTo = mode & 0o077;
  const credentials = process.env['CREDENTIALS_DIRECTORY'];
  const isCredential = credentials !== undefined && dirname(resolve(path)) === resolve(credentials);
  return openTo === 0 || (isCredential && openTo === 0o040);
}
