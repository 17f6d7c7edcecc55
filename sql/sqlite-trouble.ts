/** What keeps a statement of SQLite from being run. */
export type SqliteTrouble =
  | 'busy'
  | 'read-only'
  | 'input-output'
  | 'damaged'
  | 'full'
  | 'cannot-open'
  | 'constraint'
  | 'no-database'
  | 'other';

/**
 * By primary result code (sqlite.org/rescode.html): BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, CONSTRAINT,
 * NOTADB.
 */
const TROUBLES: Readonly<Record<number, SqliteTrouble>> = {
  5: 'busy',
  6: 'busy',
  8: 'read-only',
  10: 'input-output',
  11: 'damaged',
  13: 'full',
  14: 'cannot-open',
  19: 'constraint',
  26: 'no-database',
};

/** SQLITE_IOERR_SHMSIZE: the file of shared memory beside a database cannot grow, as on a full disk. */
const SHARED_MEMORY_CANNOT_GROW = 4_874;

/** What an error of node:sqlite means; undefined for any other error. */
export function sqliteTrouble(error: unknown): SqliteTrouble | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  if (error.errcode === SHARED_MEMORY_CANNOT_GROW) return 'full';
  // The low byte of an extended result code is the primary one.
  return TROUBLES[error.errcode & 0xff] ?? 'other';
}
