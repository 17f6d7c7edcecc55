import { createHash } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { AnsweredFile } from '../../manifests/answer/answers.ts';
import { isManifestName } from '../../manifests/intake/inbox-names.ts';
import { ISSUES } from '../../manifests/issue-codes.ts';
import { errnoOf } from '../../disk/errno.ts';
import { ManifestError } from '../../manifests/manifest-error.ts';
import { MAX_BYTES } from '../../manifests/intake/copy-manifest.ts';
import { fillAndSync, syncFolder, temporaryPath } from '../../disk/write-whole.ts';
import { CommandError } from '../exit-status.ts';
import { noSuchFile } from './validate-file.ts';

/** A manifest that lies in the drop folder; `isNew`: it was put there just now. */
export interface DroppedManifest extends AnsweredFile {
  readonly isNew: boolean;
}

/**
 * Puts a manifest into the drop folder as a well-behaved planner does: under a name that the inbox passes over, synced,
 * then under its own, which it never takes from another file. Throws `unknown`, `manifestRefused` for a name that is no
 * manifest's, `refused` when the name is taken, MANIFEST_INBOX_FAILED.
 */
export async function dropManifest(file: string, inbox: string): Promise<DroppedManifest> {
  const name = basename(file);
  if (!isManifestName(name) || extname(name).toLowerCase() !== '.csv') {
    throw new CommandError(
      'manifestRefused',
      `${name} is no manifest's name: give it one such as lot-0001.csv.`,
    );
  }
  const content = await readSource(file);
  const path = join(inbox, name);
  try {
    await mkdir(inbox, { recursive: true });
    const isNew = await placeNew(path, content);
    if (!isNew && !content.equals(await readFile(path))) throw nameTaken(name, inbox);
    // The answer tells the time of the last change as a bigint stat does: cut to milliseconds, not rounded.
    const { mtime } = await stat(path, { bigint: true });
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { name, bytes: content.length, modified: mtime.toISOString(), sha256, isNew };
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new ManifestError('MANIFEST_INBOX_FAILED', 'drop the manifest into', inbox, error);
  }
}

async function readSource(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) {
      throw new CommandError(
        'manifestRefused',
        `${file} is too large; expected: ${ISSUES.MANIFEST_TOO_LARGE.expected}.`,
      );
    }
    return await readFile(file);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') throw noSuchFile(file);
    if (error instanceof CommandError) throw error;
    throw new CommandError(
      'unknown',
      `${file} cannot be read (${code}): give the path of a file that you may read.`,
      { cause: error },
    );
  }
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
  await syncFolder(join(path, '..'));
  return true;
}

function nameTaken(name: string, inbox: string): CommandError {
  const other = `${name.slice(0, -'.csv'.length)}-2.csv`;
  return new CommandError(
    'refused',
    `There is another ${name} in ${inbox} already: give yours another name, for example ${other}.`,
  );
}
