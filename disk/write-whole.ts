import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file so that at `path` there is never less than all of it: `fill` writes to a dotfile in the same folder,
 * which is synced and renamed into place, then the folder is synced. On any error nothing is left behind.
 */
export async function writeAtomically(
  path: string,
  mode: number,
  fill: (file: FileHandle) => Promise<unknown>,
): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    await fillAndSync(temporary, mode, fill);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } finally {
    await rm(temporary, { force: true });
  }
}

/** A name for a file that is not finished, in the folder of `path`; the drop folder's watcher passes over it. */
export function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path).slice(0, 64)}.${randomUUID()}.tmp`);
}

/** What `temporaryPath` makes. */
const TEMPORARY_NAME = /^\..*\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** No file of ours takes an hour to write. */
const ABANDONED_MS = 3_600_000;

/** Removes what a killed process left unfinished in `folder`; a folder that is not there holds nothing. */
export async function removeAbandoned(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const path of names.filter((name) => TEMPORARY_NAME.test(name)).map((name) => join(folder, name))) {
    const stats = await stat(path).catch(() => undefined);
    if (stats !== undefined && Date.now() - stats.mtimeMs > ABANDONED_MS) await rm(path, { force: true });
  }
}

/** Creates the file, lets `fill` write it, and puts it on the disk. */
export async function fillAndSync(
  path: string,
  mode: number,
  fill: (file: FileHandle) => Promise<unknown>,
): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await fill(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Puts a rename in `folder` on the disk. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
