import { SqlLedger } from './sql-ledger.ts';
import { SqliteDatabase } from './sqlite-database.ts';

/**
 * Opens or makes the ledger at `path`, for one signer host. Throws LEDGER_UNAVAILABLE, LEDGER_CORRUPT, LEDGER_NEWER.
 */
export function openSqliteLedger(path: string): SqlLedger {
  return new SqlLedger(SqliteDatabase.open(path));
}
