import { statfsSync } from 'node:fs';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { SQLITE } from '../../sql/dialect.ts';
import type { SqlDatabase } from '../../sql/sql-database.ts';
import { SqliteConnection } from '../../sql/sqlite-connection.ts';
import { sqliteError } from '../../sql/sqlite-error.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { RegistryError } from '../registry-error.ts';
import { REGISTRY } from './registry-store.ts';

/** What the rows of a batch are written through that is being imported. It throws a RegistryError. */
export interface Staging {
  /** One transaction, which need not be on disk when the promise resolves. */
  write<T>(work: (db: SqlTransaction) => Promise<T>): Promise<T>;
  /** The last one: with it, all before are on disk. */
  writeLast<T>(work: (db: SqlTransaction) => Promise<T>): Promise<T>;
  /** Throws `full` where many rows would leave no room for the results of boards that are under way. */
  assertRoom(): void;
  close(): void;
}

/** On PostgreSQL, by the connections and in the queue of the others. */
export function stagingOver(database: SqlDatabase): Staging {
  return {
    write: (work) => database.write(work),
    writeLast: (work) => database.write(work),
    assertRoom: () => undefined,
    close: () => undefined,
  };
}

/** What a large lot leaves free for the results of boards that are under way, and to be removed again. */
const SPARE_BYTES = 16 * 1024 * 1024;

/** A disk that was slow once is not waited for again as long. */
const LONGEST_WAIT_MS = 250;

/**
 * In a file, by a connection of its own. Rows are not checked again there: their parent comes later, and their values are made
 * here. A commit does not wait for the disk.
 */
export class SqliteStaging implements Staging {
  readonly #db: SqliteConnection;
  /** How long the write lock was held since others had time for theirs, milliseconds. */
  #heldMs = 0;

  constructor(path: string) {
    try {
      this.#db = SqliteConnection.open(path, REGISTRY.migrations(SQLITE));
      this.#db.exec(
        'PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = NORMAL',
      );
    } catch (error) {
      throw sqliteError(REGISTRY, path, error);
    }
  }

  /** Others that write to the registry have at least half of the time. */
  async write<T>(work: (db: SqlTransaction) => Promise<T>): Promise<T> {
    // A transaction has a turn of the event loop for itself: another connection of this thread would wait for it in vain.
    await (this.#heldMs > 1 ? setTimeout(Math.min(this.#heldMs, LONGEST_WAIT_MS)) : setImmediate());
    const startMs = performance.now();
    try {
      return await this.#db.transactionOf(work);
    } catch (error) {
      throw sqliteError(REGISTRY, this.#db.path, error);
    } finally {
      this.#heldMs = performance.now() - startMs;
    }
  }

  writeLast<T>(work: (db: SqlTransaction) => Promise<T>): Promise<T> {
    this.#db.exec('PRAGMA synchronous = FULL; PRAGMA ignore_check_constraints = OFF');
    return this.write(work);
  }

  assertRoom(): void {
    const { path } = this.#db;
    const { bavail, bsize } = statfsSync(path);
    if (bavail * bsize > SPARE_BYTES) return;
    const spare = `${SPARE_BYTES / 1024 / 1024} MB`;
    throw new RegistryError(
      'full',
      `The registry ${path} cannot take the manifest: its disk has less than ${spare} left, so free some space.`,
    );
  }

  close(): void {
    this.#db.close();
  }
}
