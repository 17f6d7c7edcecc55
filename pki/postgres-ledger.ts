import { PostgresDatabase } from './postgres-database.ts';
import { SqlLedger } from './sql-ledger.ts';

/**
 * Connects to the ledger at `url`, for signers on several hosts. Throws LEDGER_UNAVAILABLE, LEDGER_NEWER.
 */
export async function openPostgresLedger(url: string): Promise<SqlLedger> {
  return new SqlLedger(await PostgresDatabase.open(url));
}
