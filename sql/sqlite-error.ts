import { accessSync, constants } from 'node:fs';
import { DatabaseTroubleError } from './database-trouble.ts';
import type { Store } from './sql-database.ts';
import { sqliteTrouble } from './sqlite-trouble.ts';

const FILE_ERRORS = new Set(['EACCES', 'EEXIST', 'EISDIR', 'ENOENT', 'ENOSPC', 'ENOTDIR', 'EPERM', 'EROFS']);

/** An error of node:sqlite or of the file system in the store's terms; any other is the store's to know. */
export function sqliteError(store: Store, path: string, error: unknown): unknown {
  const code = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? '') : '';
  if (error instanceof DatabaseTroubleError) return store.translate(path, error, error.trouble);
  const trouble = FILE_ERRORS.has(code) ? 'cannot-open' : sqliteTrouble(error);
  return store.translate(path, error, trouble);
}

/** Throws where this user may not write to the file. */
export function assertFileWritable(store: Store, path: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (cause) {
    throw sqliteError(store, path, new DatabaseTroubleError('read-only', { cause }));
  }
}
