import { randomUUID } from 'node:crypto';
import { accessSync, constants, lstatSync, statSync } from 'node:fs';
import { readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../../disk/errno.ts';
import { isThere } from '../../disk/is-there.ts';
import { cureOf } from '../report-failure.ts';
import { fail, ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** Below this the next write may be the last: a WAL alone grows to 4 MB, a Temporal history shard's write to more. */
const NO_SPACE_BYTES = 64 * 1024 ** 2;
/** Below this it is time to think: 100,000 units take about 1 GB in Temporal's own database. */
const LITTLE_SPACE_BYTES = 1024 ** 3;
/** A disk can have space and no room for one more file. A lot needs some hundred: tiles, answers, database files. */
const FEW_FILES = 1_000;

/** Whether files can be written into the folder and listed, or the folder be made. What it writes is gone afterwards. */
export async function checkFolder(check: string, folder: string): Promise<Finding> {
  if (!isThere(folder)) return checkParent(check, folder);
  const probe = join(folder, `.doctor-${randomUUID()}.tmp`);
  let what = 'written';
  try {
    await writeFile(probe, 'certline doctor\n', { flag: 'wx', flush: true });
    what = 'listed';
    await readdir(folder);
  } catch (error) {
    const cure = (error instanceof Error && cureOf(error)) || 'correct its permissions, or fix its disk';
    return fail(check, 'disk', `${folder} cannot be ${what} (${errnoOf(error) ?? String(error)}): ${cure}`);
  } finally {
    // Where it cannot be written, it cannot be removed either, and that is said already.
    await rm(probe, { force: true }).catch(() => undefined);
  }
  return ok(check, folder);
}

/** Room on the disk of the folder, or of the one that it will be made in. */
export async function checkSpace(check: string, folder: string): Promise<Finding> {
  const { bavail, bsize, files, ffree } = await statfs(existingParent(folder));
  // A file system without a fixed number of files says 0 of 0.
  return judgeSpace(check, folder, { bytes: bavail * bsize, ...(files > 0 && { files: ffree }) });
}

/** What so many free bytes mean, and so many files that can still be made. */
export function judgeSpace(
  check: string,
  folder: string,
  { bytes: freeBytes, files = Infinity }: { readonly bytes: number; readonly files?: number },
): Finding {
  if (files < FEW_FILES)
    return fail(
      check,
      'disk',
      `room for ${files} more files on the disk of ${folder}: remove files that nobody needs before anything else`,
    );
  const free = `${(freeBytes / 1024 ** 3).toFixed(1)} GiB free on the disk of ${folder}`;
  if (freeBytes < NO_SPACE_BYTES) return fail(check, 'disk', `${free}: free some space before anything else`);
  return freeBytes < LITTLE_SPACE_BYTES ? warn(check, `${free}: free some space`) : ok(check, free);
}

function checkParent(check: string, folder: string): Finding {
  if (isLink(folder))
    return fail(check, 'disk', `${folder} is a symbolic link that leads nowhere: correct it`);
  const parent = existingParent(folder);
  try {
    if (!statSync(parent).isDirectory()) throw new Error('ENOTDIR');
    accessSync(parent, constants.W_OK | constants.X_OK);
  } catch {
    return fail(
      check,
      'disk',
      `${folder} cannot be created in ${parent}: correct the permissions there, or name another folder`,
    );
  }
  return ok(check, `${folder} (created when it is needed)`);
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function existingParent(folder: string): string {
  return isThere(folder) ? folder : existingParent(dirname(folder));
}
