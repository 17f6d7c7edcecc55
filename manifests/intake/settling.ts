interface Watched {
  readonly version: string;
  dueMs: number;
  failures: number;
}

/**
 * Which files have been left alone long enough to be read. Pure: told what is there and what time it is (milliseconds of
 * a clock that never goes back). A file whose version changes begins anew.
 */
export class Settling {
  readonly #watched = new Map<string, Watched>();

  /** Forgets what is no longer there. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#watched.keys()) if (!names.has(name)) this.#watched.delete(name);
  }

  isKnown(name: string): boolean {
    return this.#watched.has(name);
  }

  isNews(name: string, version: string): boolean {
    return this.#watched.get(name)?.version !== version;
  }

  /** A new file or version, to be read at `dueMs`. */
  note(name: string, version: string, dueMs: number): void {
    this.#watched.set(name, { version, dueMs, failures: 0 });
  }

  /** The file needs nothing until it changes. */
  rest(name: string): void {
    const watched = this.#watched.get(name);
    if (watched !== undefined) watched.dueMs = Infinity;
  }

  /** The file could not be dealt with: again after `firstMs`, twice that, and so on, up to `longestMs`. Returns the wait. */
  postpone(name: string, nowMs: number, firstMs: number, longestMs: number): number {
    const watched = this.#watched.get(name);
    const waitMs = Math.min(firstMs * 2 ** (watched?.failures ?? 0), longestMs);
    if (watched !== undefined) {
      watched.failures += 1;
      watched.dueMs = nowMs + waitMs;
    }
    return waitMs;
  }

  /** What is to be read now, the longest overdue first. */
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
