import { constants } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isManifestName, isUnfinishedName } from './inbox-names.ts';
import { errnoOf } from '../../disk/errno.ts';

/** A file in the drop folder as it is at one moment. */
export interface InboxFile {
  readonly name: string;
  readonly bytes: number;
  /** ISO 8601. */
  readonly modified: string;
  readonly modifiedMs: number;
  /** Changes when the content, the permissions or the inode of the file change. */
  readonly version: string;
  /** The same for the same file, whatever its name. */
  readonly identity: string;
}

/** What is in the drop folder: manifests, and the identities of files that are being written under another name. */
export interface InboxListing {
  readonly manifests: readonly InboxFile[];
  readonly unfinished: ReadonlySet<string>;
}

/** Lists the drop folder; ignores subfolders. */
export async function listInbox(folder: string): Promise<InboxListing> {
  const manifests: InboxFile[] = [];
  const unfinished = new Set<string>();
  for (const name of await readdir(folder)) {
    const isManifest = isManifestName(name);
    if (!isManifest && !isUnfinishedName(name)) continue;
    const stats = await statsOf(join(folder, name));
    if (stats === undefined || stats.isDirectory()) continue;
    if (isManifest) manifests.push(inboxFile(name, stats));
    else unfinished.add(identityOf(stats));
  }
  return { manifests, unfinished };
}

/**
 * Whether the file ends with a line break: a file without one is still being copied, or is incomplete. True for a
 * link or a pipe, and for a file that cannot be read: waiting does not help there.
 */
export async function looksComplete(path: string): Promise<boolean> {
  try {
    return (await lastByte(path)) === 0x0a;
  } catch {
    return true;
  }
}

/** Undefined when the file is empty. */
async function lastByte(path: string): Promise<number | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
    return bytesRead === 0 ? undefined : buffer[0];
  } finally {
    await file.close();
  }
}

async function statsOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    // Gone since the folder was listed.
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function inboxFile(name: string, stats: BigIntStats): InboxFile {
  const { ino, size, mtimeNs, ctimeNs } = stats;
  return {
    name,
    bytes: Number(size),
    modified: stats.mtime.toISOString(),
    modifiedMs: Number(stats.mtimeMs),
    version: [ino, size, mtimeNs, ctimeNs].join(' '),
    identity: identityOf(stats),
  };
}

/** The system uses an inode number again for another file, but not with the same time of birth. */
function identityOf({ dev, ino, birthtimeNs }: BigIntStats): string {
  return [dev, ino, birthtimeNs].join(' ');
}
