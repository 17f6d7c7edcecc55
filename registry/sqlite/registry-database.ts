import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { MIGRATIONS } from './migrations.ts';
import { RegistryError, registryError } from '../registry-error.ts';

/** A row as SQLite gives it, by column name. */
export type SqlRow = Record<string, SQLOutputValue>;

/** A value for a parameter; what is not known is NULL. */
export type SqlValue = SQLInputValue | undefined;

/**
 * How long to wait for another program's write. Every write of ours but a large import takes milliseconds; the wait
 * blocks this whole process, and the caller retries.
 */
const BUSY_TIMEOUT_MS = 2_000;

/** One connection to the registry's file, with transactions, and prepared statements that are prepared once. */
export class RegistryDatabase {
  readonly path: string;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * Opens or makes the file (mode 0600) and brings its schema up to date; with `readOnly` it must be there and of this
   * version, and stays as it is. Throws RegistryError.
   */
  constructor(path: string, { readOnly = false }: { readonly readOnly?: boolean } = {}) {
    this.path = path;
    try {
      if (!readOnly) closeSync(openSync(path, 'a', 0o600));
      this.#connection = new DatabaseSync(path, {
        timeout: BUSY_TIMEOUT_MS,
        enableForeignKeyConstraints: true,
        readOnly,
      });
    } catch (error) {
      throw this.#openError(error);
    }
    try {
      if (readOnly) this.#checkVersion();
      else this.#prepare();
    } catch (error) {
      this.#connection.close();
      throw registryError(error, path);
    }
  }

  close(): void {
    if (this.#connection.isOpen) this.#connection.close();
  }

  /** Runs a statement and returns how many rows it changed. */
  run(sql: string, ...values: readonly SqlValue[]): number {
    return Number(this.#prepared(sql).run(...bound(values)).changes);
  }

  get(sql: string, ...values: readonly SqlValue[]): SqlRow | undefined {
    return this.#prepared(sql).get(...bound(values));
  }

  all(sql: string, ...values: readonly SqlValue[]): SqlRow[] {
    return this.#prepared(sql).all(...bound(values));
  }

  /** Runs several statements without parameters. */
  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  /** All that `work` writes, or nothing of it. It begins by taking the write lock, so what it reads stays true. */
  transaction<T>(work: () => T): T {
    return this.#bracketed('BEGIN IMMEDIATE', work);
  }

  /** As `transaction`, for temporary tables only: takes no lock that another connection could see. */
  temporaryTransaction(work: () => void): void {
    this.#bracketed('BEGIN DEFERRED', work);
  }

  #bracketed<T>(begin: string, work: () => T): T {
    this.#connection.exec(begin);
    try {
      const result = work();
      this.#connection.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after some errors (disk full among them).
      if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK');
      throw error;
    }
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #prepare(): void {
    // FULL: what was answered with success is on the disk, whatever loses power.
    this.#connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    this.#migrate();
  }

  #checkVersion(): void {
    const version = this.#version();
    if (version > MIGRATIONS.length) throw this.#newerError(version);
    if (version === MIGRATIONS.length) return;
    const cure = 'start the line (or its orchestrator) once, which brings it up to date';
    const message = `The registry ${this.path} was written by an earlier Certline: ${cure}.`;
    throw new RegistryError('older', message);
  }

  #migrate(): void {
    if (this.#version() === MIGRATIONS.length) return;
    this.transaction(() => {
      const version = this.#version();
      if (version > MIGRATIONS.length) throw this.#newerError(version);
      for (const migration of MIGRATIONS.slice(version)) this.exec(migration);
      this.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    });
  }

  #version(): number {
    return Number(this.get('PRAGMA user_version')?.['user_version']);
  }

  #newerError(version: number): RegistryError {
    const versions = `schema ${version}, this program knows ${MIGRATIONS.length}`;
    return new RegistryError(
      'newer',
      `The registry ${this.path} was written by a newer Certline (${versions}): update this one.`,
    );
  }

  #openError(error: unknown): RegistryError {
    const message = error instanceof Error ? error.message : String(error);
    const cure = 'check that its folder exists and that the user that runs Certline may write there';
    return new RegistryError(
      'cannot-open',
      `Cannot open the registry ${this.path}: ${cure} (${message}).`,
      error,
    );
  }
}

function bound(values: readonly SqlValue[]): SQLInputValue[] {
  return values.map((value) => value ?? null);
}
