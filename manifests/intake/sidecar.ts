import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf } from '../../disk/errno.ts';
import type { Issue } from '../check/issue.ts';
import { issue } from '../check/issue.ts';
import { digestFor } from './digest-text.ts';
import { isSidecarOf } from './inbox-names.ts';
import { openDroppedFile } from '../../disk/open-dropped-file.ts';

/** What the file beside a manifest says. */
export type SidecarReading =
  | { readonly digest: string }
  /** It says nothing that can be read. `mayFollow`: it is probably still being written. */
  | { readonly fault: Issue; readonly mayFollow: boolean };

/** A list of some hundred files. */
const MAX_BYTES = 64 * 1024;

/** So long after its last change a file may be half written; milliseconds. */
const YOUNG_MS = 5_000;

/** A shell makes an empty file first, and then computes the digest of 200 MB: so long it may stay empty; milliseconds. */
const EMPTY_MS = 60_000;

const NOT_REGULAR = 'not a regular file';

const OPEN_FAULTS: Readonly<Record<string, string>> = {
  ELOOP: `is a link, ${NOT_REGULAR}`,
  ENXIO: `is ${NOT_REGULAR}`,
  EACCES: 'cannot be read: the factory line has no permission',
  EPERM: 'cannot be read: the factory line has no permission',
};

/** What the files beside the manifest at `path` say that have its name and `.sha256`, in whatever case. */
export async function readSidecars(path: string): Promise<readonly SidecarReading[]> {
  const names = await sidecarsOf(dirname(path), basename(path));
  const found = await Promise.all(names.map(async (sidecar) => readSidecar(path, sidecar)));
  return found.filter((reading) => reading !== undefined);
}

async function sidecarsOf(folder: string, name: string): Promise<string[]> {
  // A folder may be one that can be entered and not listed.
  const names = await readdir(folder).catch(() => [`${name}.sha256`, `${name}.SHA256`]);
  return names.filter((each) => isSidecarOf(each, name, names));
}

async function readSidecar(path: string, sidecar: string): Promise<SidecarReading | undefined> {
  const [name, place] = [basename(path), join(dirname(path), sidecar)];
  let file: FileHandle;
  try {
    file = await openDroppedFile(place);
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    // A program on Windows that still writes a file locks it.
    const there = await lstat(place).catch(() => undefined);
    return {
      fault: unread(name, sidecar, OPEN_FAULTS[errno] ?? `cannot be read (${errno})`),
      mayFollow: there?.isFile() === true && ageMs(there) < YOUNG_MS,
    };
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return { fault: unread(name, sidecar, `is ${NOT_REGULAR}`), mayFollow: false };
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES + 1), 0, MAX_BYTES + 1, 0);
    const text = textOf(buffer.subarray(0, bytesRead));
    const isEmpty = text.trim() === '';
    const reading =
      bytesRead > MAX_BYTES
        ? { reason: 'is larger than 64 kB' }
        : isEmpty
          ? { reason: 'is empty' }
          : digestFor(name, text);
    if ('digest' in reading) return reading;
    return {
      fault: unread(name, sidecar, reading.reason),
      mayFollow: ageMs(stats) < (isEmpty ? EMPTY_MS : YOUNG_MS),
    };
  } finally {
    await file.close();
  }
}

/** How long ago a file was changed; long ago too where the clock of a file server is far ahead of ours. */
function ageMs({ mtimeMs }: Stats): number {
  return Math.abs(Date.now() - mtimeMs);
}

/** Windows PowerShell writes UTF-16 into a file, other programs UTF-8, with or without a byte order mark. */
function textOf(bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString('hex');
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

function unread(name: string, sidecar: string, reason: string): Issue {
  // A shell would write into the file that a link leads to.
  const again = reason.endsWith(NOT_REGULAR) ? 'Delete it, and make it again' : 'Make it again';
  const expected = `the SHA-256 of ${name} in ${sidecar}: this file ${reason}. ${again} (sha256sum ${asArgument(name)} > ${asArgument(sidecar)}), then submit ${name} again`;
  return issue('MANIFEST_DIGEST', { value: sidecar }, expected);
}

/** A file name as a shell reads it. */
function asArgument(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`;
}
