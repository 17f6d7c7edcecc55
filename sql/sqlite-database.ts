import { statSync } from 'node:fs';
import { CommitQueue } from './commit-queue.ts';
import type { GroupTransaction } from './commit-queue.ts';
import { DatabaseTroubleError } from './database-trouble.ts';
import { SQLITE } from './dialect.ts';
import type { SqlDatabase, Store } from './sql-database.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { assertRoomOnDisk } from './room-on-disk.ts';
import { assertFileWritable, sqliteError } from './sqlite-error.ts';
import { sqliteSnapshot } from './sqlite-snapshot.ts';
import { sqliteTrouble } from './sqlite-trouble.ts';
import type { SqliteTrouble } from './sqlite-trouble.ts';
import type { SqlTransaction } from './transaction.ts';

/** What a disk does to a commit, and what lasts until somebody has seen to it. */
const OF_DISK: ReadonlySet<SqliteTrouble | undefined> = new Set([
  'full',
  'input-output',
  'read-only',
  'cannot-open',
]);

/**
 * The SQLite file of a store. Reads have a connection of their own: on the writing one they would see what is not
 * committed.
 */
export class SqliteDatabase implements SqlDatabase {
  readonly #store: Store;
  readonly #path: string;
  readonly #inode: number;
  readonly #writer: SqliteConnection;
  readonly #reader: SqliteConnection;
  readonly #reads: SqlTransaction;
  readonly #writes: CommitQueue;
  readonly #group: GroupTransaction;
  /** The disk did not take the last commit. */
  #isRefused = false;

  private constructor(store: Store, writer: SqliteConnection, reader: SqliteConnection) {
    const { path } = writer;
    this.#store = store;
    this.#path = path;
    this.#inode = statSync(path).ino;
    this.#writer = writer;
    this.#reader = reader;
    this.#reads = reader.asTransaction();
    const statements = writer.asTransaction();
    this.#group = {
      statements,
      control: async (sql) => void (await statements.run(sql)),
      isOpen: () => writer.isInTransaction,
    };
    this.#writes = new CommitQueue(
      (work) => this.#transact(work),
      (error) => sqliteError(store, path, error),
    );
  }

  /** Opens or makes the file (mode 0600) and brings its schema up to date. Its folder must be there. */
  static open(store: Store, path: string): SqliteDatabase {
    const migrations = store.migrations(SQLITE);
    try {
      const writer = SqliteConnection.open(path, migrations);
      try {
        const { checkpointPages } = store;
        if (checkpointPages !== undefined) writer.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
        return new SqliteDatabase(store, writer, SqliteConnection.openForReading(path, migrations));
      } catch (error) {
        writer.close();
        throw error;
      }
    } catch (error) {
      throw sqliteError(store, path, error);
    }
  }

  async read<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    try {
      this.#assertNotLost();
      return await work(this.#reads);
    } catch (error) {
      throw sqliteError(this.#store, this.#path, error);
    }
  }

  async snapshot<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return await sqliteSnapshot(this.#store, this.#path, work);
  }

  write<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return this.#writes.enqueue(work);
  }

  waitBetweenGroups(wait: () => Promise<void> | undefined): void {
    this.#writes.waitBetweenGroups(wait);
  }

  /** Writes nothing, unless the last commit failed: then only a commit shows whether the disk takes one again. */
  async assertWritable(): Promise<void> {
    try {
      this.#assertNotLost();
      assertRoomOnDisk(this.#path);
    } catch (error) {
      throw sqliteError(this.#store, this.#path, error);
    }
    assertFileWritable(this.#store, this.#path);
    if (this.#isRefused) await this.write(async () => this.#writer.writeVersionAgain());
  }

  async close(): Promise<void> {
    await this.#writes.idle();
    this.#reader.close();
    this.#writer.close();
  }

  async #transact(work: (group: GroupTransaction) => Promise<void>): Promise<void> {
    this.#assertNotLost();
    try {
      await this.#group.control('BEGIN IMMEDIATE');
      this.#writer.assertCurrent();
      await work(this.#group);
      await this.#group.control('COMMIT');
      this.#isRefused = false;
    } catch (error) {
      this.#isRefused ||= OF_DISK.has(sqliteTrouble(error));
      throw error;
    } finally {
      if (this.#writer.isInTransaction) this.#writer.exec('ROLLBACK');
    }
  }

  /** SQLite continues to write to a file that was deleted or replaced, and nobody could read that again. */
  #assertNotLost(): void {
    if (statSync(this.#path, { throwIfNoEntry: false })?.ino === this.#inode) return;
    throw new DatabaseTroubleError('lost');
  }
}
