import type { BigIntStats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDroppedFile } from '../../disk/open-dropped-file.ts';
import { isManifestName, isUnfinishedName, manifestOfSidecar, readableName } from './inbox-names.ts';
import type { ImpossibleName } from './inbox-names.ts';
import { isAnswerName } from '../answer/answers.ts';
import type { FileNow } from '../answer/answers.ts';
import { errnoOf } from '../../disk/errno.ts';
import { issue } from '../check/issue.ts';
import type { Issue } from '../check/issue.ts';

/** A file in the drop folder as it is at one moment. */
export interface InboxFile extends FileNow {
  readonly name: string;
  /**
   * `manifest`: it gets an answer; `answer`: it has the name of one; `impossible`: neither an answer can have its name
   * nor a terminal show it, and `name` only stands for it.
   */
  readonly kind: 'manifest' | 'answer' | 'impossible';
  /** Why it is `impossible`. */
  readonly nameFault?: Issue;
  readonly modifiedMs: number;
  readonly version: FileVersion;
  /** When the files beside it that say its digest changed last; 0 without such a file. */
  readonly besideChangedNs: bigint;
  /** The same for the same file, whatever its name. */
  readonly identity: string;
}

/** Each text changes when the content, the permissions or the inode of a file change. */
export interface FileVersion {
  readonly file: string;
  /** Of the files beside it that say its digest. */
  readonly beside: string;
}

type Named = Pick<InboxFile, 'name' | 'kind' | 'nameFault'>;

/** What is in the drop folder: files, and the identities of files that are being written under another name. */
export interface InboxListing {
  readonly files: readonly InboxFile[];
  readonly unfinished: ReadonlySet<string>;
}

/** Lists the drop folder; ignores subfolders, except those that have the name of a manifest. */
export async function listInbox(folder: string): Promise<InboxListing> {
  const found: { named: Named; stats: BigIntStats }[] = [];
  const sidecars: { of: string; stats: BigIntStats }[] = [];
  const unfinished = new Set<string>();
  for (const raw of await readdir(folder, { encoding: 'buffer' })) {
    const readable = readableName(raw);
    const name = readable.text;
    const kind = readable.isPossible ? kindOf(name) : 'impossible';
    const of = manifestOfSidecar(name);
    if (kind === undefined && of === undefined) continue;
    const stats = await statsOf(Buffer.concat([Buffer.from(`${folder}/`), raw]));
    if (stats === undefined) continue;
    if (of !== undefined) sidecars.push({ of, stats });
    if (kind === undefined || (stats.isDirectory() && !/\.csv$/i.test(name))) continue;
    if (kind === 'unfinished') unfinished.add(identityOf(stats));
    else if (readable.isPossible) found.push({ named: { name, kind }, stats });
    else found.push({ named: { name, kind, nameFault: nameFaultOf(readable) }, stats });
  }
  const beside = Map.groupBy(sidecars, ({ of }) => of);
  const files = found.map(({ named, stats }) =>
    inboxFile(named, stats, beside.get(named.name.toLowerCase())?.map((each) => each.stats) ?? []),
  );
  return { files, unfinished };
}

/** The file at `path` as it is now; undefined where there is none. */
export async function fileNow(path: string): Promise<FileNow | undefined> {
  const stats = await statsOf(path);
  return stats && stateIn(stats);
}

/**
 * Whether the file ends with a line break: a file without one is still being copied, or is incomplete. True for a
 * link or a pipe, and for a file that cannot be read: waiting does not help there.
 */
export async function looksComplete(path: string): Promise<boolean> {
  try {
    const last = await lastByte(path);
    return last === 0x0a || last === 0x0d;
  } catch {
    return true;
  }
}

function nameFaultOf({ value, expected }: ImpossibleName): Issue {
  return issue('MANIFEST_NAME', { value }, expected);
}

function kindOf(name: string): 'manifest' | 'answer' | 'unfinished' | undefined {
  if (isManifestName(name)) return 'manifest';
  if (isUnfinishedName(name)) return 'unfinished';
  return isAnswerName(name) ? 'answer' : undefined;
}

/** Undefined when the file is empty. */
async function lastByte(path: string): Promise<number | undefined> {
  const file = await openDroppedFile(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
    return bytesRead === 0 ? undefined : buffer[0];
  } finally {
    await file.close();
  }
}

async function statsOf(path: Buffer | string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    // Gone since the folder was listed.
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function inboxFile(named: Named, stats: BigIntStats, beside: readonly BigIntStats[]): InboxFile {
  return {
    ...named,
    ...stateIn(stats),
    modifiedMs: Number(stats.mtimeMs),
    version: { file: versionOf(stats), beside: beside.map(versionOf).toSorted().join(', ') },
    besideChangedNs: beside.reduce((last, { ctimeNs }) => (ctimeNs > last ? ctimeNs : last), 0n),
    identity: identityOf(stats),
  };
}

function stateIn({ size, mtime, ctimeNs }: BigIntStats): FileNow {
  return { bytes: Number(size), modified: mtime.toISOString(), changedNs: ctimeNs };
}

function versionOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [ino, size, mtimeNs, ctimeNs].join(' ');
}

/** The system uses an inode number again for another file, but not with the same time of birth. */
function identityOf({ dev, ino, birthtimeNs }: BigIntStats): string {
  return [dev, ino, birthtimeNs].join(' ');
}

/** Whether a file with the name of an answer is a manifest with a wrong name: it has the columns of one. */
export async function isMisnamed(folder: string, name: string): Promise<boolean> {
  try {
    const file = await openDroppedFile(join(folder, name));
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(4_096), 0, 4_096, 0);
      const header = buffer.toString('utf8', 0, bytesRead).split(/[\r\n]/, 1)[0] ?? '';
      const names = header
        .toLowerCase()
        .replaceAll(/["\uFEFF\s]/g, '')
        .split(/[,;\t]/);
      const isResult = names.includes('outcome') || names.includes('state');
      return ['order', 'serial', 'product'].every((column) => names.includes(column)) && !isResult;
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}
