import { statSync } from 'node:fs';

/**
 * Whether there is a file or a folder at `path`. Throws the file system's error where that cannot be known: what this user
 * may not see may be there, and must not be called missing.
 */
export function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
