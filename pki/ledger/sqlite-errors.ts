import { accessSync, constants } from 'node:fs';
import { SchemaVersionError } from '../../sql/schema-version-error.ts';
import { sqliteTrouble } from '../../sql/sqlite-trouble.ts';
import type { SqliteTrouble } from '../../sql/sqlite-trouble.ts';
import { PkiError } from '../pki-error.ts';
import { ledgerCorrupt, ledgerDefect, ledgerNewer, ledgerOlder, ledgerUnavailable } from './ledger-errors.ts';
import type { LedgerTrouble } from './ledger-errors.ts';

const FILE_ERRORS = new Set(['EACCES', 'EEXIST', 'EISDIR', 'ENOSPC', 'ENOTDIR', 'EPERM', 'EROFS']);

const MEANINGS: Readonly<Record<SqliteTrouble, LedgerTrouble | 'corrupt' | 'defect'>> = {
  busy: 'busy',
  'read-only': 'read-only',
  'input-output': 'input-output',
  full: 'full',
  'cannot-open': 'cannot-open',
  damaged: 'corrupt',
  'no-database': 'corrupt',
  constraint: 'defect',
  other: 'defect',
};

/** An error of node:sqlite or of the file system in this room's terms; any other comes back as it is. */
export function sqliteError(path: string, error: unknown): unknown {
  if (error instanceof PkiError || !(error instanceof Error)) return error;
  if (error instanceof SchemaVersionError)
    return error.standing === 'newer' ? ledgerNewer(path) : ledgerOlder(path);
  if (FILE_ERRORS.has((error as NodeJS.ErrnoException).code ?? ''))
    return ledgerUnavailable(path, 'cannot-open', error);
  const trouble = sqliteTrouble(error);
  if (trouble === undefined) return error;
  const meaning = MEANINGS[trouble];
  if (meaning === 'corrupt') return ledgerCorrupt(path, error);
  return meaning === 'defect' ? ledgerDefect(path, error) : ledgerUnavailable(path, meaning, error);
}

/** Throws LEDGER_UNAVAILABLE where this user may not write to the file. */
export function assertFileWritable(path: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw ledgerUnavailable(path, 'read-only', error);
  }
}
