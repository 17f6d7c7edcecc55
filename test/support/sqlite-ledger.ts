import { Ledger } from '../../pki/ledger/ledger.ts';
import { SqliteDatabase } from '../../pki/ledger/sqlite-database.ts';

/** Opens or makes the ledger in the SQLite file at `path`. */
export function openSqliteLedger(path: string): Ledger {
  return new Ledger(SqliteDatabase.open(path));
}
