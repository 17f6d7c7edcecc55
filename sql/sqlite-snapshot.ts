import { SQLITE } from './dialect.ts';
import type { Store } from './sql-database.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { sqliteError } from './sqlite-error.ts';
import type { SqlTransaction } from './transaction.ts';

/** Runs `work` on the file as it is now, on a connection of its own: what others commit meanwhile it does not see. */
export async function sqliteSnapshot<T>(
  store: Store,
  path: string,
  work: (transaction: SqlTransaction) => Promise<T>,
): Promise<T> {
  try {
    const connection = SqliteConnection.openForReading(path, store.migrations(SQLITE));
    try {
      connection.exec('BEGIN');
      return await work(connection.asTransaction());
    } finally {
      connection.close();
    }
  } catch (error) {
    throw sqliteError(store, path, error);
  }
}
