import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

/** A lock on a file, held by this process until it is released or the process ends, however it ends. */
export interface ExclusiveLock {
  release(): void;
  /** Resolves where it is lost without being released; absent where that cannot be. */
  readonly lost?: Promise<void>;
}

const SQLITE_BUSY = 5;

/**
 * Takes the lock on `path` (the file is made, and stays empty), or gives `undefined` when a living process has it.
 *
 * The lock is the kernel's own byte-range lock, reached through an SQLite transaction: it goes when its process goes,
 * `kill -9` included, so there is no stale lock to recognise and no race in breaking one. Node has no flock(2).
 */
export function tryLock(path: string): ExclusiveLock | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return { release: () => database.isOpen && database.close() };
}

/** Waits for the lock on `path`, calling `onWait` once if somebody else has it; rejects with the signal's reason. */
export async function waitForLock(
  path: string,
  onWait: () => void,
  signal: AbortSignal | undefined,
): Promise<ExclusiveLock> {
  for (let waited = false; ; waited = true) {
    signal?.throwIfAborted();
    const lock = tryLock(path);
    if (lock !== undefined) return lock;
    if (!waited) onWait();
    await delay(200, undefined, { signal });
  }
}

/**
 * Whether any process has this SQLite database open. In WAL mode a connection keeps a shared lock for as long as it
 * lives, and a reader in exclusive mode cannot pass it. A file that is missing or no database is nobody's.
 */
export function isDatabaseOpen(path: string): boolean {
  const existing = pathToFileURL(path);
  existing.searchParams.set('mode', 'rw');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(existing, { timeout: 0 });
    database.exec('PRAGMA locking_mode = EXCLUSIVE; SELECT count(*) FROM sqlite_schema');
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    database?.close();
  }
}

function isBusy(error: unknown): boolean {
  return (error as { errcode?: number }).errcode === SQLITE_BUSY;
}
