import { Ledger } from '../../pki/ledger/ledger.ts';
import { openLedgerFile } from '../../pki/ledger/ledger-database.ts';

/** Opens or makes the ledger in the SQLite file at `path`. */
export function openSqliteLedger(path: string): Ledger {
  return new Ledger(openLedgerFile(path));
}
