import { dirname } from 'node:path';
import { makeFolder } from '../../disk/make-folder.ts';
import { DatabaseTroubleError } from '../../sql/database-trouble.ts';
import type { DatabaseTrouble } from '../../sql/database-trouble.ts';
import { SchemaVersionError } from '../../sql/schema-version-error.ts';
import type { SqlDatabase, Store } from '../../sql/sql-database.ts';
import { SqliteDatabase } from '../../sql/sqlite-database.ts';
import { PkiError } from '../pki-error.ts';
import {
  ledgerCorrupt,
  ledgerDefect,
  ledgerNewer,
  ledgerOlder,
  ledgerUnavailable,
  passwordUnusable,
  requestInvalid,
} from './ledger-errors.ts';
import type { LedgerTrouble } from './ledger-errors.ts';
import { ledgerMigrations } from './migrations.ts';

const MEANINGS: Readonly<Record<DatabaseTrouble, LedgerTrouble | 'corrupt' | 'defect' | 'request'>> = {
  busy: 'busy',
  'read-only': 'read-only',
  'input-output': 'input-output',
  full: 'full',
  'cannot-open': 'cannot-open',
  lost: 'lost',
  connection: 'connection',
  connections: 'connections',
  tls: 'tls',
  login: 'login',
  rights: 'rights',
  'unknown-database': 'no-database',
  damaged: 'corrupt',
  'no-database': 'corrupt',
  data: 'request',
  constraint: 'defect',
  'opened-to-read': 'defect',
  other: 'defect',
};

/**
 * The ledger, in any database. It throws LEDGER_UNAVAILABLE, LEDGER_CORRUPT, LEDGER_NEWER, LEDGER_OLDER, and SIGNER_FAULT for a
 * broken constraint.
 */
export const LEDGER: Store = {
  name: 'ledger',
  migrations: ledgerMigrations,
  mainTable: 'issuance',
  translate,
  writeLock: 0x43_65_72_74,
  nul: 'refused',
  // Each statement is of a few rows.
  silenceMs: 10_000,
  // 64 MiB. With SQLite's 1,000 every thirtieth issuance waits for the copying; measured, 99 of 100 then end within 5.2 ms, and
  // with 16,000 within 3.3.
  checkpointPages: 16_000,
};

/** Opens or makes the file of a ledger, and its folder, and brings its schema up to date. */
export function openLedgerFile(path: string): SqlDatabase {
  try {
    makeFolder(dirname(path), 0o700);
  } catch (error) {
    throw ledgerUnavailable(path, 'cannot-open', error);
  }
  return SqliteDatabase.open(LEDGER, path);
}

function translate(where: string, error: unknown, trouble: DatabaseTrouble | undefined): unknown {
  if (error instanceof PkiError) return error;
  if (error instanceof SchemaVersionError)
    return error.standing === 'newer' ? ledgerNewer(where) : ledgerOlder(where);
  if (error instanceof DatabaseTroubleError && error.passwordFile !== undefined)
    return passwordUnusable(where, error.passwordFile, error);
  const meaning = trouble && MEANINGS[trouble];
  if (meaning === undefined) return error;
  if (meaning === 'request') return requestInvalid(where, error);
  if (meaning === 'corrupt') return ledgerCorrupt(where, error);
  return meaning === 'defect' ? ledgerDefect(where, error) : ledgerUnavailable(where, meaning, error);
}
