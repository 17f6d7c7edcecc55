import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { errnoOf } from '../disk/errno.ts';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { SQLITE } from './dialect.ts';
import type { SqlRow, SqlValue } from './row.ts';
import { SchemaVersionError } from './schema-version-error.ts';
import type { SqlTransaction } from './transaction.ts';

/**
 * How long a statement waits for another process to finish its write, in milliseconds. The event loop is blocked
 * meanwhile. Our writes take milliseconds, except a large import, and callers retry.
 */
const BUSY_TIMEOUT_MS = 2_000;

/**
 * One connection to a file of SQLite. Each statement is prepared once. PRAGMA user_version counts the migrations that
 * the file has behind it. Methods throw the errors of node:sqlite; `sqliteTrouble` names their causes.
 */
export class SqliteConnection {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();
  /** Migrations that this program knows; undefined where there are none. */
  readonly #known: number | undefined;

  private constructor(path: string, readOnly: boolean, migrations?: readonly string[]) {
    this.path = path;
    this.#known = migrations?.length;
    this.#database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, readOnly });
  }

  /**
   * Opens or makes the file (mode 0600; its folder must be there) and brings its schema up to date. A transaction that
   * returned survives a power cut: the file is in WAL with synchronous=FULL. Throws SchemaVersionError for the file of
   * a later version, which then stays as it is.
   */
  static open(path: string, migrations: readonly string[]): SqliteConnection {
    makeFile(path);
    return new SqliteConnection(path, false, migrations).#checked((connection) => {
      if (connection.#version() > migrations.length) throw connection.#versionError(migrations);
      connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      if (connection.#version() < migrations.length) connection.#migrate(migrations);
    });
  }

  /**
   * Opens a file, which must be there, for reading: it stays as it is, beside a process that writes or without one.
   * Throws SchemaVersionError for the file of an earlier or later version.
   */
  static openForReading(path: string, migrations: readonly string[]): SqliteConnection {
    return new SqliteConnection(path, true, migrations).#checked((connection) => {
      if (connection.#version() !== migrations.length) throw connection.#versionError(migrations);
    });
  }

  /** A database for this process only, removed when it is closed. It keeps 2 MB in memory and the rest on disk. */
  static temporary(schema: string): SqliteConnection {
    // An empty path means just that: sqlite.org/inmemorydb.html.
    return new SqliteConnection('', false).#checked((connection) => connection.exec(schema));
  }

  get isInTransaction(): boolean {
    return this.#database.isTransaction;
  }

  get(sql: string, ...values: SqlValue[]): SqlRow | undefined {
    return this.#prepare(sql).get(...bound(values)) as SqlRow | undefined;
  }

  all(sql: string, ...values: SqlValue[]): SqlRow[] {
    // node:sqlite gives bigints, the one kind of value that a row has not, only to those who ask for them.
    return this.#prepare(sql).all(...bound(values)) as SqlRow[];
  }

  /** The number of rows that it changed. */
  run(sql: string, ...values: SqlValue[]): number {
    return Number(this.#prepare(sql).run(...bound(values)).changes);
  }

  /** Runs statements without values. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /**
   * Commits all that `work` writes, or nothing. It takes the write lock first, so what it reads stays true. Throws
   * SchemaVersionError where another version has migrated the file meanwhile.
   */
  transaction<T>(work: () => T): T {
    return this.#bracketed('BEGIN IMMEDIATE', () => {
      this.assertCurrent();
      return work();
    });
  }

  /** The smallest change of a file that leaves it as it is: it shows whether the disk takes one. */
  writeVersionAgain(): void {
    this.exec(`PRAGMA user_version = ${this.#version()}`);
  }

  /** To be asked in a transaction. Throws SchemaVersionError where another version has migrated the file. */
  assertCurrent(): void {
    const version = this.#version();
    if (this.#known !== undefined && version !== this.#known)
      throw new SchemaVersionError(version, this.#known);
  }

  /** As `transaction`; `work` may await only its statements. */
  async transactionOf<T>(work: (statements: SqlTransaction) => Promise<T>): Promise<T> {
    this.exec('BEGIN IMMEDIATE');
    try {
      this.assertCurrent();
      const result = await work(this.asTransaction());
      this.exec('COMMIT');
      return result;
    } finally {
      if (this.isInTransaction) this.exec('ROLLBACK');
    }
  }

  /** As `transaction`, for temporary tables only: takes no lock that another connection could see. */
  temporaryTransaction<T>(work: () => T): T {
    return this.#bracketed('BEGIN DEFERRED', work);
  }

  /** The same statements for code that is written for any database. */
  asTransaction(): SqlTransaction {
    return {
      dialect: SQLITE,
      get: async (sql, ...values) => this.get(sql, ...values),
      all: async (sql, ...values) => this.all(sql, ...values),
      run: async (sql, ...values) => this.run(sql, ...values),
    };
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #bracketed<T>(begin: string, work: () => T): T {
    this.exec(begin);
    try {
      const result = work();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after some errors, such as a full disk.
      if (this.#database.isTransaction) this.exec('ROLLBACK');
      throw error;
    }
  }

  #checked(check: (connection: this) => void): this {
    try {
      check(this);
      return this;
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  #migrate(migrations: readonly string[]): void {
    // Only so can a table be made again that others refer to: sqlite.org/lang_altertable.html §7. It cannot change in a transaction.
    this.exec('PRAGMA foreign_keys = OFF');
    this.#bracketed('BEGIN IMMEDIATE', () => {
      // Another process may have done it, or more, before this one had the lock.
      if (this.#version() > migrations.length) throw this.#versionError(migrations);
      for (const migration of migrations.slice(this.#version())) this.exec(migration);
      this.exec(`PRAGMA user_version = ${migrations.length}`);
    });
    this.exec('PRAGMA foreign_keys = ON');
  }

  #version(): number {
    return Number(this.get('PRAGMA user_version')?.['user_version']);
  }

  #versionError(migrations: readonly string[]): SchemaVersionError {
    return new SchemaVersionError(this.#version(), migrations.length);
  }

  #prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}

function bound(values: readonly SqlValue[]): (string | number | Uint8Array | null)[] {
  return values.map((value) => value ?? null);
}

/**
 * Makes an empty file of mode 0600 where there is none. A file that is there must not be opened here: POSIX drops all locks of a
 * process on a file when it closes any descriptor of it. A program with SQLite before 3.51 would then remove the log that the
 * connections of this process write to (sqlite.org/howtocorrupt.html §2.2).
 */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    accessSync(path, constants.W_OK);
  }
}
