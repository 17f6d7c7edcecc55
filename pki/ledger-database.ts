import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { LEDGER_MIGRATIONS } from './ledger-migrations.ts';
import { PkiError } from './pki-error.ts';

/** How long a write waits for another process's; the event loop stands still meanwhile. */
const BUSY_TIMEOUT_MS = 2_000;

export type LedgerRow = Record<string, SQLOutputValue>;

/** Primary result codes of SQLite (sqlite.org/rescode.html) that say the ledger cannot be used now. */
const UNAVAILABLE: Readonly<Record<number, string>> = {
  5: 'busy',
  6: 'busy',
  8: 'read-only',
  10: 'input-output',
  13: 'full',
  14: 'cannot-open',
};
const CORRUPT = new Set([11, 26]);

/**
 * The SQLite file of a ledger: WAL, synchronous=FULL, so that a transaction that returned survives a power cut.
 * SQLite's errors come out as LEDGER_UNAVAILABLE or LEDGER_CORRUPT, a broken constraint as SIGNER_FAULT.
 */
export class LedgerDatabase {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #inode: number;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
    this.#inode = statSync(path).ino;
  }

  /** Opens or makes the file (mode 0600) and brings its schema up to date. Throws LEDGER_NEWER for a later version. */
  static open(path: string): LedgerDatabase {
    return translated(path, () => {
      createPrivately(path);
      const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
      try {
        refuseNewer(database, path);
        database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
        migrate(database);
        return new LedgerDatabase(path, database);
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  get(sql: string, ...values: SQLInputValue[]): LedgerRow | undefined {
    return translated(this.#path, () => this.#prepare(sql).get(...values));
  }

  all(sql: string, ...values: SQLInputValue[]): LedgerRow[] {
    return translated(this.#path, () => this.#prepare(sql).all(...values));
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    translated(this.#path, () => this.#prepare(sql).run(...values));
  }

  /** Runs `work` in one durable transaction that holds the write lock from its start; rolls back when it throws. */
  transaction<T>(work: () => T): T {
    this.#assertNotLost();
    return translated(this.#path, () => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.#database.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
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
    throw unavailable(this.#path, 'lost');
  }
}

function createPrivately(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
}

/** Before anything is written: a later version's file stays as it is. */
function refuseNewer(database: DatabaseSync, path: string): void {
  if (versionOf(database) <= LEDGER_MIGRATIONS.length) return;
  const message = `The ledger ${path} was written by a later version of Certline: update this one.`;
  throw new PkiError('LEDGER_NEWER', message);
}

function migrate(database: DatabaseSync): void {
  if (versionOf(database) === LEDGER_MIGRATIONS.length) return;
  database.exec('BEGIN IMMEDIATE');
  for (const script of LEDGER_MIGRATIONS.slice(versionOf(database))) database.exec(script);
  database.exec(`PRAGMA user_version = ${LEDGER_MIGRATIONS.length}; COMMIT`);
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
}

function translated<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translate(path, error);
  }
}

function translate(path: string, error: unknown): unknown {
  if (error instanceof PkiError || !(error instanceof Error)) return error;
  const { code, errcode } = error as NodeJS.ErrnoException & { errcode?: number };
  if (code !== 'ERR_SQLITE_ERROR')
    return FILE_ERRORS.has(code ?? '') ? unavailable(path, 'cannot-open', error) : error;
  const primary = (errcode ?? 0) & 0xff;
  const reason = UNAVAILABLE[primary];
  if (reason !== undefined) return unavailable(path, reason, error);
  if (CORRUPT.has(primary)) {
    const message = `The ledger ${path} is damaged: stop signing, and restore it together with its last checkpoint.`;
    return new PkiError('LEDGER_CORRUPT', message, { cause: error });
  }
  return new PkiError('SIGNER_FAULT', `The ledger ${path} refused a statement: report this as a defect.`, {
    reason: 'constraint',
    cause: error,
  });
}

const FILE_ERRORS = new Set(['EACCES', 'EEXIST', 'EISDIR', 'ENOSPC', 'ENOTDIR', 'EPERM', 'EROFS']);

const CURES: Readonly<Record<string, string>> = {
  busy: 'end what holds it locked',
  'read-only': 'make it and its folder writable',
  full: 'free space on its disk',
  'input-output': 'look at its disk',
  'cannot-open': 'mend its path or its permissions',
  lost: 'restore the file, then start the signer again',
};

function unavailable(path: string, reason: string, cause?: unknown): PkiError {
  const message = `The ledger ${path} cannot be written (${reason}), so nothing is signed: ${CURES[reason]}.`;
  return new PkiError('LEDGER_UNAVAILABLE', message, { reason, cause });
}
