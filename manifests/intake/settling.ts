import type { FileVersion } from './inbox-listing.ts';

interface Watched {
  readonly version: FileVersion;
  dueMs: number;
  failures: number;
}

/**
 * Which files have not changed for long enough to be read. Pure: receives the files and the time (milliseconds of a
 * clock that never goes back). The wait of a file begins again when its version changes.
 */
export class Settling {
  readonly #watched = new Map<string, Watched>();

  /** Forgets what is no longer there. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#watched.keys()) if (!names.has(name)) this.#watched.delete(name);
  }

  /** What changed since a file was noted: the file, or only what is beside it. A file that was not noted changed. */
  changeOf(name: string, version: FileVersion): 'file' | 'beside' | undefined {
    const noted = this.#watched.get(name)?.version;
    if (noted?.file !== version.file) return 'file';
    return noted.beside === version.beside ? undefined : 'beside';
  }

  /** A new file or version, to be read at `dueMs`. */
  note(name: string, version: FileVersion, dueMs: number): void {
    this.#watched.set(name, { version, dueMs, failures: 0 });
  }

  /** The file needs nothing until it changes. */
  rest(name: string): void {
    const watched = this.#watched.get(name);
    if (watched !== undefined) watched.dueMs = Infinity;
  }

  /**
   * The file could not be answered: it is due again after `firstMs`, twice that, and so on up to `longestMs`. Returns
   * the wait.
   */
  postpone(name: string, nowMs: number, firstMs: number, longestMs: number): number {
    const watched = this.#watched.get(name);
    const waitMs = Math.min(firstMs * 2 ** (watched?.failures ?? 0), longestMs);
    if (watched !== undefined) {
      watched.failures += 1;
      watched.dueMs = nowMs + waitMs;
    }
    return waitMs;
  }

  /** The files to read now, the longest overdue first. */
  due(nowMs: number): string[] {
    const due = [...this.#watched].filter(([, { dueMs }]) => dueMs <= nowMs);
    return due.toSorted(([, one], [, other]) => one.dueMs - other.dueMs).map(([name]) => name);
  }

  /** Milliseconds until something is due; Infinity when nothing will be. */
  waitMs(nowMs: number): number {
    let firstMs = Infinity;
    for (const { dueMs } of this.#watched.values()) firstMs = Math.min(firstMs, dueMs);
    return Math.max(0, firstMs - nowMs);
  }
}
