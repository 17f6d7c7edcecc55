import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { CommitQueue } from './commit-queue.ts';
import type { GroupTransaction } from './commit-queue.ts';
import type { LedgerDatabase, LedgerRow, LedgerTransaction } from './ledger-database.ts';
import { ledgerNewer, ledgerUnavailable } from './ledger-errors.ts';
import { sqliteError } from './sqlite-errors.ts';
import { SQLITE_MIGRATIONS } from './sqlite-migrations.ts';

/** How long a write waits for another process's; the event loop stands still meanwhile. */
export const BUSY_TIMEOUT_MS = 2_000;

/**
 * Pages of the log, 64 MiB, after which a commit copies them into the database. With SQLite's 1,000 every thirtieth
 * issuance waits for that; measured, 99 of 100 then end within 5.2 ms, and with 16,000 within 3.3.
 */
const CHECKPOINT_PAGES = 16_000;

/**
 * The SQLite file of a ledger: WAL, synchronous=FULL, so that a transaction that returned survives a power cut. Reads
 * have a connection of their own: on the writing one they would see what is not committed.
 */
export class SqliteDatabase implements LedgerDatabase {
  readonly #path: string;
  readonly #inode: number;
  readonly #writer: DatabaseSync;
  readonly #reader: DatabaseSync;
  readonly #reads: LedgerTransaction;
  readonly #writes: CommitQueue;
  readonly #group: GroupTransaction;

  private constructor(path: string, writer: DatabaseSync) {
    this.#path = path;
    this.#inode = statSync(path).ino;
    this.#writer = writer;
    this.#reader = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, readOnly: true });
    this.#reads = statementsOver(this.#reader);
    const statements = statementsOver(writer);
    this.#group = {
      statements,
      control: async (sql) => void (await statements.run(sql)),
      isOpen: () => writer.isTransaction,
    };
    this.#writes = new CommitQueue(
      (work) => this.#transact(work),
      (error) => sqliteError(path, error),
    );
  }

  /** Opens or makes the file (mode 0600) and brings its schema up to date. Throws LEDGER_NEWER for a later version. */
  static open(path: string): SqliteDatabase {
    try {
      createPrivately(path);
      const writer = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
      try {
        prepareSchema(writer, path);
        return new SqliteDatabase(path, writer);
      } catch (error) {
        writer.close();
        throw error;
      }
    } catch (error) {
      throw sqliteError(path, error);
    }
  }

  async read<T>(work: (transaction: LedgerTransaction) => Promise<T>): Promise<T> {
    try {
      this.#assertNotLost();
      return await work(this.#reads);
    } catch (error) {
      throw sqliteError(this.#path, error);
    }
  }

  write<T>(work: (transaction: LedgerTransaction) => Promise<T>): Promise<T> {
    return this.#writes.enqueue(work);
  }

  async close(): Promise<void> {
    await this.#writes.idle();
    for (const connection of [this.#reader, this.#writer]) if (connection.isOpen) connection.close();
  }

  async #transact(work: (group: GroupTransaction) => Promise<void>): Promise<void> {
    this.#assertNotLost();
    await this.#group.control('BEGIN IMMEDIATE');
    try {
      await work(this.#group);
      await this.#group.control('COMMIT');
    } finally {
      if (this.#writer.isTransaction) this.#writer.exec('ROLLBACK');
    }
  }

  /** SQLite goes on writing to a file that was deleted or replaced; nobody would ever read that again. */
  #assertNotLost(): void {
    if (statSync(this.#path, { throwIfNoEntry: false })?.ino === this.#inode) return;
    throw ledgerUnavailable(this.#path, 'lost');
  }
}

/** Statements of one connection, each prepared once. */
export function statementsOver(database: DatabaseSync): LedgerTransaction {
  const prepared = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const statement = prepared.get(sql) ?? database.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };
  return {
    get: async (sql, ...values) => prepare(sql).get(...values) as LedgerRow | undefined,
    // node:sqlite gives bigints, the one kind of value that a LedgerRow has not, only to those who ask for them.
    all: async (sql, ...values) => prepare(sql).all(...values) as LedgerRow[],
    run: async (sql, ...values) => Number(prepare(sql).run(...values).changes),
  };
}

function createPrivately(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
}

/** A later version's file stays as it is: nothing is written before that is known. */
function prepareSchema(database: DatabaseSync, path: string): void {
  if (versionOf(database) > SQLITE_MIGRATIONS.length) throw ledgerNewer(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  if (versionOf(database) === SQLITE_MIGRATIONS.length) return;
  database.exec('BEGIN IMMEDIATE');
  for (const script of SQLITE_MIGRATIONS.slice(versionOf(database))) database.exec(script);
  database.exec(`PRAGMA user_version = ${SQLITE_MIGRATIONS.length}; COMMIT`);
}

/** How many migrations the file has behind it. */
export function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
}
