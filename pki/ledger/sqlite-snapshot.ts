import { SQLITE } from '../../sql/dialect.ts';
import { SqliteConnection } from '../../sql/sqlite-connection.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { ledgerMigrations } from './migrations.ts';
import { sqliteError } from './sqlite-errors.ts';

/** Runs `work` on the file as it is now, on a connection of its own: what others commit meanwhile it does not see. */
export async function sqliteSnapshot<T>(
  path: string,
  work: (transaction: SqlTransaction) => Promise<T>,
): Promise<T> {
  try {
    const connection = SqliteConnection.openForReading(path, ledgerMigrations(SQLITE));
    try {
      connection.exec('BEGIN');
      return await work(connection.asTransaction());
    } finally {
      connection.close();
    }
  } catch (error) {
    throw sqliteError(path, error);
  }
}
