import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import type { LedgerDatabase, LedgerRow, LedgerTransaction, LedgerValue } from './ledger-database.ts';
import { ledgerNewer, ledgerUnavailable } from './ledger-errors.ts';
import { sqliteError } from './sqlite-errors.ts';
import { SQLITE_MIGRATIONS } from './sqlite-migrations.ts';

/** How long a write waits for another process's; the event loop stands still meanwhile. */
const BUSY_TIMEOUT_MS = 2_000;

/** Writes that share a commit; more would only make the first of them wait. */
const MAX_GROUP = 64;

/** Work in the queue, and what to tell whoever waits for it. */
interface Queued {
  readonly writes: boolean;
  readonly run: (transaction: LedgerTransaction) => Promise<void>;
  readonly settle: () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * The SQLite file of a ledger: WAL, synchronous=FULL, so that a transaction that returned survives a power cut. Work
 * that comes at once shares one commit, each in a savepoint of its own: a disk syncs a few hundred times a second.
 */
export class SqliteDatabase implements LedgerDatabase {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #inode: number;
  readonly #statements = new Map<string, StatementSync>();
  readonly #transaction: LedgerTransaction;
  #queue: Queued[] = [];
  #draining: Promise<void> | undefined;

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
    this.#inode = statSync(path).ino;
    this.#transaction = {
      get: async (sql, ...values) => rowOf(this.#prepare(sql).get(...values)),
      all: async (sql, ...values) =>
        this.#prepare(sql)
          .all(...values)
          .map((row) => rowOf(row) ?? {}),
      run: async (sql, ...values) => void this.#prepare(sql).run(...values),
    };
  }

  /** Opens or makes the file (mode 0600) and brings its schema up to date. Throws LEDGER_NEWER for a later version. */
  static open(path: string): SqliteDatabase {
    try {
      createPrivately(path);
      const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
      try {
        prepareSchema(database, path);
        return new SqliteDatabase(path, database);
      } catch (error) {
        database.close();
        throw error;
      }
    } catch (error) {
      throw sqliteError(path, error);
    }
  }

  /** In the queue like any write: on one connection, a read in between would see what is not committed. */
  read<T>(work: (transaction: LedgerTransaction) => Promise<T>): Promise<T> {
    return this.#enqueue(work, false);
  }

  write<T>(work: (transaction: LedgerTransaction) => Promise<T>): Promise<T> {
    return this.#enqueue(work, true);
  }

  async close(): Promise<void> {
    await this.#draining;
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #enqueue<T>(work: (transaction: LedgerTransaction) => Promise<T>, writes: boolean): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let result: T;
    this.#queue.push({
      writes,
      run: async (transaction) => {
        result = await work(transaction);
      },
      settle: () => resolve(result),
      fail: reject,
    });
    this.#draining ??= this.#drain();
    return promise;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // Whatever else is ready in this turn of the event loop joins the group.
      await new Promise((resolve) => setImmediate(resolve));
      const group = this.#queue.splice(0, MAX_GROUP);
      try {
        await this.#commitTogether(group);
      } catch (error) {
        const translated = sqliteError(this.#path, error);
        for (const { fail } of group) fail(translated);
      }
    }
    this.#draining = undefined;
  }

  async #commitTogether(group: readonly Queued[]): Promise<void> {
    this.#assertNotLost();
    this.#database.exec(group.some(({ writes }) => writes) ? 'BEGIN IMMEDIATE' : 'BEGIN');
    try {
      const outcomes: (() => void)[] = [];
      for (const queued of group) outcomes.push(await this.#runOne(queued));
      this.#database.exec('COMMIT');
      for (const tell of outcomes) tell();
    } finally {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    }
  }

  /** Runs one in its savepoint; the outcome is told once the group is on disk. A lost transaction ends the group. */
  async #runOne({ run, settle, fail }: Queued): Promise<() => void> {
    this.#database.exec('SAVEPOINT one');
    try {
      await run(this.#transaction);
      this.#database.exec('RELEASE one');
      return settle;
    } catch (error) {
      if (!this.#database.isTransaction) throw error;
      this.#database.exec('ROLLBACK TO one; RELEASE one');
      const translated = sqliteError(this.#path, error);
      return () => fail(translated);
    }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  /** SQLite goes on writing to a file that was deleted or replaced; nobody would ever read that again. */
  #assertNotLost(): void {
    if (statSync(this.#path, { throwIfNoEntry: false })?.ino === this.#inode) return;
    throw ledgerUnavailable(this.#path, 'lost');
  }
}

function createPrivately(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
}

/** A later version's file stays as it is: nothing is written before that is known. */
function prepareSchema(database: DatabaseSync, path: string): void {
  if (versionOf(database) > SQLITE_MIGRATIONS.length) throw ledgerNewer(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  if (versionOf(database) === SQLITE_MIGRATIONS.length) return;
  database.exec('BEGIN IMMEDIATE');
  for (const script of SQLITE_MIGRATIONS.slice(versionOf(database))) database.exec(script);
  database.exec(`PRAGMA user_version = ${SQLITE_MIGRATIONS.length}; COMMIT`);
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
}

function rowOf(row: Record<string, SQLOutputValue> | undefined): LedgerRow | undefined {
  return row === undefined
    ? undefined
    : Object.fromEntries(Object.entries(row).map(([key, value]) => [key, plain(value)]));
}

/** node:sqlite gives bigints only to those who ask for them. */
function plain(value: SQLOutputValue): LedgerValue {
  return typeof value === 'bigint' ? Number(value) : value;
}
