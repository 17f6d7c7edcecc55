import { ledgerCorrupt, ledgerDefect, ledgerUnavailable } from './ledger-errors.ts';
import type { LedgerTrouble } from './ledger-errors.ts';
import { PkiError } from '../pki-error.ts';

/** Primary result codes (sqlite.org/rescode.html): BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN. */
const UNAVAILABLE: Readonly<Record<number, LedgerTrouble>> = {
  5: 'busy',
  6: 'busy',
  8: 'read-only',
  10: 'input-output',
  13: 'full',
  14: 'cannot-open',
};
/** CORRUPT, NOTADB. */
const CORRUPT = new Set([11, 26]);

const FILE_ERRORS = new Set(['EACCES', 'EEXIST', 'EISDIR', 'ENOSPC', 'ENOTDIR', 'EPERM', 'EROFS']);

/** An error of node:sqlite or of the file system in this room's terms; any other comes back as it is. */
export function sqliteError(path: string, error: unknown): unknown {
  if (error instanceof PkiError || !(error instanceof Error)) return error;
  const { code, errcode = 0 } = error as NodeJS.ErrnoException & { errcode?: number };
  if (FILE_ERRORS.has(code ?? '')) return ledgerUnavailable(path, 'cannot-open', error);
  if (code !== 'ERR_SQLITE_ERROR') return error;
  const primary = errcode & 0xff;
  const reason = UNAVAILABLE[primary];
  if (reason !== undefined) return ledgerUnavailable(path, reason, error);
  return CORRUPT.has(primary) ? ledgerCorrupt(path, error) : ledgerDefect(path, error);
}
