import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { makeFolder } from '../../disk/make-folder.ts';
import { issue } from '../check/issue.ts';
import type { Issue } from '../check/issue.ts';
import type { IssueCode } from '../issue-codes.ts';
import { claimsOf } from './manifest-claims.ts';
import type { ManifestClaims } from './manifest-claims.ts';
import { expectedEnding, isCsvName } from './expected-name.ts';
import { openDroppedFile } from '../../disk/open-dropped-file.ts';
import { errnoOf } from '../../disk/errno.ts';
import { ManifestError } from '../manifest-error.ts';
import { fillAndSync, syncFolder, temporaryPath } from '../../disk/write-whole.ts';

/** The largest batch file that the bulk service of a certificate authority accepts; 1,000,000 rows of 200 bytes. */
export const MAX_BYTES = 200_000_000;

const BLOCK_BYTES = 256 * 1024;

/** A manifest that was read once, whole and unchanged. Everything later reads the copy. */
export interface ManifestCopy {
  /** File name without its folder. */
  readonly name: string;
  /** Folder of the original, where answers go. */
  readonly folder: string;
  /** The private copy: `<state folder>/manifests/<sha256>.csv`, mode 0600. */
  readonly path: string;
  /** Hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** Last change of the original, ISO 8601. */
  readonly modified: string;
  readonly claims: ManifestClaims;
}

/** About 8,000 units, which are read in a tenth of a second. */
const LARGE_BYTES = 256 * 1024;

/** Whether reading it takes so long that others must not wait for it. */
export function isLarge({ bytes }: ManifestCopy): boolean {
  return bytes > LARGE_BYTES;
}

/** The folder of the private copies. */
export function manifestStore(stateFolder: string): string {
  return join(stateFolder, 'manifests');
}

/**
 * A copy, or the reason why the file as a whole is refused. `isEarly`: the reason may be gone in a moment, as somebody is
 * writing the manifest, or the file beside it.
 */
export type CopyResult =
  { readonly copy: ManifestCopy } | { readonly refused: Issue; readonly isEarly?: true };

/**
 * Copies the manifest at `source` into the state folder and computes its hash. Refuses a name without `.csv`, links,
 * pipes and devices, a file that cannot be read, is larger than 200 MB, or changes meanwhile (MANIFEST_CHANGED). Throws
 * MANIFEST_STORE_FAILED when the copy cannot be written; no part of it remains then.
 */
export async function copyManifest(source: string, stateFolder: string): Promise<CopyResult> {
  if (!isCsvName(basename(source))) return refusal('MANIFEST_NAME', source, expectedEnding(basename(source)));
  let file: FileHandle;
  try {
    file = await openDroppedFile(source);
  } catch (error) {
    return refusal(OPEN_FAULTS[errnoOf(error) ?? ''] ?? 'MANIFEST_UNREADABLE', source);
  }
  try {
    return await copyOpen(file, resolve(source), manifestStore(stateFolder));
  } finally {
    await file.close();
  }
}

const OPEN_FAULTS: Readonly<Record<string, IssueCode>> = {
  ENOENT: 'MANIFEST_MISSING',
  ENOTDIR: 'MANIFEST_MISSING',
  ELOOP: 'MANIFEST_NOT_A_FILE',
  ENXIO: 'MANIFEST_NOT_A_FILE',
};

const THE_FILE_IN_IT = 'the CSV file itself: this is a folder, so put the file that is in it here';

async function copyOpen(file: FileHandle, source: string, store: string): Promise<CopyResult> {
  const before = await file.stat({ bigint: true });
  if (!before.isFile())
    return refusal('MANIFEST_NOT_A_FILE', source, before.isDirectory() ? THE_FILE_IN_IT : undefined);
  if (before.size > MAX_BYTES) return refusal('MANIFEST_TOO_LARGE', source);
  try {
    const said = await claimsOf(source);
    if ('early' in said) return { refused: said.early, isEarly: true };
    makeFolder(store, 0o700);
    const stored = await storeCopy(file, source, store, before);
    if (stored === undefined) return { ...refusal('MANIFEST_CHANGED', source), isEarly: true };
    // A file beside it may have come while it was copied.
    const says = await claimsOf(source);
    if ('early' in says) return { refused: says.early, isEarly: true };
    const [name, folder] = [basename(source), dirname(source)];
    return { copy: { name, folder, ...stored, modified: before.mtime.toISOString(), claims: says.claims } };
  } catch (error) {
    throw new ManifestError('MANIFEST_STORE_FAILED', 'store a copy of the manifest in', store, error);
  }
}

/** Stores the copy under its hash; undefined when the original changed while it was read. */
async function storeCopy(
  file: FileHandle,
  source: string,
  store: string,
  before: BigIntStats,
): Promise<Pick<ManifestCopy, 'path' | 'sha256' | 'bytes'> | undefined> {
  const temporary = temporaryPath(join(store, 'manifest.csv'));
  const hash = createHash('sha256');
  try {
    let bytes = 0;
    await fillAndSync(temporary, 0o600, async (copy) => {
      bytes = await pump(file, copy, hash, Number(before.size));
    });
    if (BigInt(bytes) !== before.size || !(await isUnchanged(file, source, before))) return undefined;
    const sha256 = hash.digest('hex');
    const path = join(store, `${sha256}.csv`);
    await rename(temporary, path);
    await syncFolder(store);
    return { path, sha256, bytes };
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Copies to the end, or until more than `size` bytes show that the file grows. Returns the bytes copied. */
async function pump(from: FileHandle, to: FileHandle, hash: Hash, size: number): Promise<number> {
  const block = Buffer.alloc(BLOCK_BYTES);
  let bytes = 0;
  while (bytes <= size) {
    const { bytesRead } = await from.read(block, 0, block.length);
    if (bytesRead === 0) break;
    const part = block.subarray(0, bytesRead);
    hash.update(part);
    await to.writeFile(part);
    bytes += bytesRead;
  }
  return bytes;
}

/** Whether nobody wrote to the file or replaced it by another one of the same name. */
async function isUnchanged(file: FileHandle, source: string, before: BigIntStats): Promise<boolean> {
  const after = await file.stat({ bigint: true });
  const there = await stat(source, { bigint: true }).catch(() => undefined);
  return [after, there].every(
    (now) => now?.ino === before.ino && now.size === before.size && now.mtimeNs === before.mtimeNs,
  );
}

function refusal(code: IssueCode, source: string, expected?: string): { readonly refused: Issue } {
  return { refused: issue(code, { value: basename(source) }, expected) };
}
