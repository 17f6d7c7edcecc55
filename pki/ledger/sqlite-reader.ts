import { accessSync, constants } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { LedgerDatabase, LedgerTransaction } from './ledger-database.ts';
import { ledgerDefect, ledgerNewer, ledgerOlder, ledgerUnavailable } from './ledger-errors.ts';
import { BUSY_TIMEOUT_MS, statementsOver, versionOf } from './sqlite-database.ts';
import { sqliteError } from './sqlite-errors.ts';
import { SQLITE_MIGRATIONS } from './sqlite-migrations.ts';

/** The SQLite file of a ledger for whoever only reads, beside a signer or without one: it never changes by that. */
export class SqliteReader implements LedgerDatabase {
  readonly #path: string;
  readonly #connection: DatabaseSync;
  readonly #statements: LedgerTransaction;

  private constructor(path: string, connection: DatabaseSync) {
    this.#path = path;
    this.#connection = connection;
    this.#statements = statementsOver(connection);
  }

  /** Opens the file, which must be there. Throws LEDGER_UNAVAILABLE, LEDGER_CORRUPT, LEDGER_NEWER, LEDGER_OLDER. */
  static open(path: string): SqliteReader {
    try {
      const connection = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, readOnly: true });
      try {
        checkVersion(connection, path);
        return new SqliteReader(path, connection);
      } catch (error) {
        connection.close();
        throw error;
      }
    } catch (error) {
      throw sqliteError(path, error);
    }
  }

  async read<T>(work: (transaction: LedgerTransaction) => Promise<T>): Promise<T> {
    try {
      return await work(this.#statements);
    } catch (error) {
      throw sqliteError(this.#path, error);
    }
  }

  /** Throws SIGNER_FAULT: whoever wants to write opens the ledger otherwise. */
  async write(): Promise<never> {
    throw ledgerDefect(this.#path, new Error('it was opened for reading'));
  }

  /** Throws LEDGER_UNAVAILABLE where a signer could not write to the file. */
  async assertWritable(): Promise<void> {
    try {
      accessSync(this.#path, constants.W_OK);
    } catch (error) {
      throw ledgerUnavailable(this.#path, 'read-only', error);
    }
  }

  async close(): Promise<void> {
    if (this.#connection.isOpen) this.#connection.close();
  }
}

function checkVersion(connection: DatabaseSync, path: string): void {
  const version = versionOf(connection);
  if (version > SQLITE_MIGRATIONS.length) throw ledgerNewer(path);
  if (version < SQLITE_MIGRATIONS.length) throw ledgerOlder(path);
}
