import { SQLITE } from '../../sql/dialect.ts';
import { SqliteConnection } from '../../sql/sqlite-connection.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { LedgerDatabase } from './ledger-database.ts';
import { ledgerDefect } from './ledger-errors.ts';
import { ledgerMigrations } from './migrations.ts';
import { assertFileWritable, sqliteError } from './sqlite-errors.ts';
import { sqliteSnapshot } from './sqlite-snapshot.ts';

/** The SQLite file of a ledger for those who only read, beside a signer or without one: it never changes by that. */
export class SqliteReader implements LedgerDatabase {
  readonly #connection: SqliteConnection;
  readonly #statements: SqlTransaction;

  private constructor(connection: SqliteConnection) {
    this.#connection = connection;
    this.#statements = connection.asTransaction();
  }

  /** Opens the file, which must be there. Throws LEDGER_UNAVAILABLE, LEDGER_CORRUPT, LEDGER_NEWER, LEDGER_OLDER. */
  static open(path: string): SqliteReader {
    try {
      return new SqliteReader(SqliteConnection.openForReading(path, ledgerMigrations(SQLITE)));
    } catch (error) {
      throw sqliteError(path, error);
    }
  }

  async read<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    try {
      return await work(this.#statements);
    } catch (error) {
      throw sqliteError(this.#connection.path, error);
    }
  }

  async snapshot<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return await sqliteSnapshot(this.#connection.path, work);
  }

  /** Throws SIGNER_FAULT: to write, open the ledger for signing or for a command. */
  async write(): Promise<never> {
    throw ledgerDefect(this.#connection.path, new Error('it was opened for reading'));
  }

  waitBetweenGroups(): void {
    // Nothing is written.
  }

  async assertWritable(): Promise<void> {
    assertFileWritable(this.#connection.path);
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}
