import { createHash } from 'node:crypto';
import { link, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../../disk/errno.ts';
import { makeFolder } from '../../disk/make-folder.ts';
import { fillAndSync, syncFolder, temporaryPath, writeWhole } from '../../disk/write-whole.ts';
import { readAnsweredFiles } from '../answer/answers.ts';
import type { AnsweredFile } from '../answer/answers.ts';
import { ManifestError } from '../manifest-error.ts';

/** A manifest in the drop folder; `isNew` is false when a file with the same name and bytes was there already. */
export interface DroppedManifest extends AnsweredFile {
  readonly isNew: boolean;
}

/**
 * Puts a manifest into the drop folder as docs/manifest.md asks planners to: writes it under a name that the inbox
 * ignores, syncs it, then gives it its own name. Replaces a file of this name only if that was refused and never
 * accepted, also by the same bytes: its order may be there now; undefined where another one has the name. Throws
 * MANIFEST_INBOX_FAILED.
 */
export async function dropManifest(
  inbox: string,
  name: string,
  content: Uint8Array,
): Promise<DroppedManifest | undefined> {
  const path = join(inbox, name);
  try {
    makeFolder(inbox);
    let isNew = await placeNew(path, content);
    if (!isNew && (await isRefused(inbox, name))) {
      await writeWhole(path, 0o644, (handle) => handle.writeFile(content));
      isNew = true;
    }
    if (!isNew && Buffer.compare(content, await readFile(path)) !== 0) return undefined;
    // The answer has the time of the last change as a bigint stat gives it: cut to milliseconds, not rounded.
    const { mtime } = await stat(path, { bigint: true });
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { name, bytes: content.length, modified: mtime.toISOString(), sha256, isNew };
  } catch (error) {
    throw new ManifestError('MANIFEST_INBOX_FAILED', 'put the manifest into', inbox, error);
  }
}

/** Whether the file of this name, as it is now, was refused, and no other content of it accepted. */
async function isRefused(inbox: string, name: string): Promise<boolean> {
  const { mtime, size } = await stat(join(inbox, name), { bigint: true });
  const modified = mtime.toISOString();
  const answered = await readAnsweredFiles(inbox, name);
  const isAccepted = answered.some(({ answer }) => answer.endsWith('.json'));
  return !isAccepted && answered.some((file) => file.modified === modified && BigInt(file.bytes) === size);
}

/** False when there is a file of this name already. */
async function placeNew(path: string, content: Uint8Array): Promise<boolean> {
  const temporary = temporaryPath(path);
  try {
    await fillAndSync(temporary, 0o644, (handle) => handle.writeFile(content));
    return await giveName(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** A link fails where the name is taken, a rename would overwrite; network drives without links get the rename. */
async function giveName(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(errnoOf(error) ?? '')) throw error;
    if ((await stat(path).catch(() => undefined)) !== undefined) return false;
    await rename(temporary, path);
  }
  await syncFolder(dirname(path));
  return true;
}
