import { DatabaseTroubleError } from './database-trouble.ts';
import { SQLITE } from './dialect.ts';
import type { SqlDatabase, Store } from './sql-database.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { assertFileWritable, sqliteError } from './sqlite-error.ts';
import { sqliteSnapshot } from './sqlite-snapshot.ts';
import type { SqlTransaction } from './transaction.ts';

/** The SQLite file of a store for those who only read, beside a writer or without one: it never changes by that. */
export class SqliteReader implements SqlDatabase {
  readonly #store: Store;
  readonly #connection: SqliteConnection;
  readonly #statements: SqlTransaction;

  private constructor(store: Store, connection: SqliteConnection) {
    this.#store = store;
    this.#connection = connection;
    this.#statements = connection.asTransaction();
  }

  /** Opens the file, which must be there. */
  static open(store: Store, path: string): SqliteReader {
    try {
      return new SqliteReader(store, SqliteConnection.openForReading(path, store.migrations(SQLITE)));
    } catch (error) {
      throw sqliteError(store, path, error);
    }
  }

  async read<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    try {
      return await work(this.#statements);
    } catch (error) {
      throw sqliteError(this.#store, this.#connection.path, error);
    }
  }

  async snapshot<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return await sqliteSnapshot(this.#store, this.#connection.path, work);
  }

  /** To write, open the store to make or to update it. */
  async write(): Promise<never> {
    throw sqliteError(this.#store, this.#connection.path, new DatabaseTroubleError('opened-to-read'));
  }

  waitBetweenGroups(): void {
    // Nothing is written.
  }

  async assertWritable(): Promise<void> {
    assertFileWritable(this.#store, this.#connection.path);
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}
