import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from './errno.ts';
import { isThere } from './is-there.ts';

/**
 * Makes a folder, and those above it that do not exist; nothing where it exists. `mode` is that of each new folder. Throws
 * the file system's error. `mkdir` of Node.js with `recursive` does not end where a folder that exists takes no folder
 * and says ENOENT, as /proc does.
 */
export function makeFolder(path: string, mode = 0o777): void {
  try {
    makeOne(path, mode);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    // Another process may have made it meanwhile.
    if (!isThere(dirname(path))) makeFolder(dirname(path), mode);
    makeOne(path, mode);
  }
}

function makeOne(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // On a read-only disk, the error need not say that the folder exists.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}
