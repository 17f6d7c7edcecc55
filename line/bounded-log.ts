import { fchmodSync, fstatSync, renameSync, statSync } from 'node:fs';
import { join, parse } from 'node:path';
import type { destination } from 'pino';

/** How much disk a log may take: files of so many bytes, the one that is written and `oldFiles` before it. */
export interface LogBounds {
  readonly fileBytes: number;
  readonly oldFiles: number;
}

/** 250 MB in all: weeks of a line without trouble, and an hour of the worst that one board can do. */
const BOUNDS: LogBounds = { fileBytes: 50_000_000, oldFiles: 4 };

/** So many looks at the size while a file grows to its bound. */
const LOOKS = 50;

/** A process may end before it has written enough to look at the size: a log that is full already is put aside before it is opened. */
export function makeRoom(path: string, { fileBytes, oldFiles }: LogBounds = BOUNDS): void {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there !== undefined && there.size >= fileBytes) rotate(path, oldFiles);
}

/**
 * Keeps a log within its bounds: `certline.log` that is full becomes `certline.1.log`, that one `certline.2.log`, and the oldest goes.
 * Where others have renamed the file (another process with this log, or logrotate), it continues in the new one.
 */
export function boundLog(
  file: ReturnType<typeof destination>,
  path: string,
  onError: (error: Error) => void,
  { fileBytes, oldFiles }: LogBounds = BOUNDS,
): void {
  let unlooked = 0;
  file.on('write', (bytes: number) => {
    unlooked += bytes;
    if (unlooked < fileBytes / LOOKS) return;
    unlooked = 0;
    try {
      const there = statSync(path, { throwIfNoEntry: false });
      const isOurs = there !== undefined && there.ino === fstatSync(descriptorOf(file)).ino;
      if (isOurs && there.size < fileBytes) return;
      if (isOurs) rotate(path, oldFiles);
      file.reopen();
    } catch (error) {
      onError(error as Error);
    }
  });
}

/** Gives the file this mode each time that it is opened, also where the umask of the process would take some of it away. */
export function keepMode(file: ReturnType<typeof destination>, mode: number): void {
  file.on('ready', () => {
    try {
      fchmodSync(descriptorOf(file), mode);
    } catch {
      // The file is of another user, who decides about it.
    }
  });
}

/** sonic-boom has it, and its types do not; negative while the file is not open. */
export function descriptorOf(file: ReturnType<typeof destination>): number {
  return (file as unknown as { readonly fd: number }).fd;
}

function rotate(path: string, oldFiles: number): void {
  const { dir, name, ext } = parse(path);
  const files = [
    path,
    ...Array.from({ length: oldFiles }, (_file, at) => join(dir, `${name}.${at + 1}${ext}`)),
  ];
  for (let at = oldFiles - 1; at >= 0; at--)
    if (statSync(files[at]!, { throwIfNoEntry: false }) !== undefined) renameSync(files[at]!, files[at + 1]!);
}
