import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { withPath } from './errno.ts';

/**
 * Writes a file so that `path` never holds less than all of it: the content goes to a dotfile in the same folder, which
 * is synced and renamed into place; then the folder is synced. On an error nothing is left behind and the file system's
 * error is thrown. `content` is all of it, a stream of parts, or a function that writes to the file.
 */
export async function writeWhole(
  path: string,
  mode: number,
  content: string | AsyncIterable<string> | ((file: FileHandle) => Promise<unknown>),
): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    await fillAndSync(
      temporary,
      mode,
      typeof content === 'function' ? content : (file) => file.writeFile(content),
    );
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw withPath(error, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * {@link writeWhole} for callers that cannot wait; what killed processes left of the file is removed. With `survives:
 * 'kill'` nothing is synced: a reader still sees the old file or the new one, also after the process was killed, but a
 * power cut may lose it. For files that are written several times a second and made again at the next start.
 */
export function writeWholeSync(
  path: string,
  mode: number,
  content: string,
  survives: 'kill' | 'power-cut' = 'power-cut',
): void {
  const temporary = temporaryPath(path);
  const isSynced = survives === 'power-cut';
  try {
    createFileSync(temporary, mode, content, isSynced);
    renameSync(temporary, path);
    if (!isSynced) return;
    syncFolderSync(dirname(path));
    removeAbandonedSync(path);
  } catch (error) {
    throw withPath(error, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Removes what killed processes left of `path`: it may be a key. */
function removeAbandonedSync(path: string): void {
  const folder = dirname(path);
  const names = readdirSync(folder).filter((name) => name.startsWith(`.${basename(path).slice(0, 64)}.`));
  for (const left of names.filter((name) => TEMPORARY_NAME.test(name)).map((name) => join(folder, name))) {
    const stats = statSync(left, { throwIfNoEntry: false });
    if (stats !== undefined && Date.now() - stats.mtimeMs > ABANDONED_MS) rmSync(left, { force: true });
  }
}

/** Creates a file that does not exist yet and, by default, puts its content on the disk; its name may still be lost. */
export function createFileSync(path: string, mode: number, content: string, isSynced = true): void {
  const file = openSync(path, 'wx', mode);
  try {
    writeFileSync(file, content);
    if (isSynced) fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Gives a finished and synced file its name, and puts that on the disk. */
export function renameDurablySync(from: string, to: string): void {
  renameSync(from, to);
  syncFolderSync(dirname(to));
}

/** A name for a file that is not finished, in the folder of `path`; the drop folder's watcher ignores such names. */
export function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path).slice(0, 64)}.${randomUUID()}.tmp`);
}

/** What `temporaryPath` makes. */
const TEMPORARY_NAME = /^\..*\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/** No file of ours takes an hour to write. */
const ABANDONED_MS = 3_600_000;

/** Removes what a killed process left unfinished in `folder`; a folder that does not exist holds nothing. */
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

/** {@link syncFolder} for callers that cannot wait. */
export function syncFolderSync(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
