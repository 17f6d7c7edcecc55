import { existsSync } from 'node:fs';
import type { SqlLedger } from '../pki/sql-ledger.ts';
import { openSqliteLedger } from '../pki/sqlite-ledger.ts';
import { ledgerPath } from '../workers/state-folder.ts';
import { CommandError } from './exit-status.ts';

/** Lends the signer's ledger, whether a signer runs or not; undefined where there is none, and none is made. */
export async function withLedger<T>(
  stateFolder: string,
  use: (ledger: SqlLedger | undefined) => Promise<T>,
): Promise<T> {
  const path = ledgerPath(stateFolder);
  if (!existsSync(path)) return await use(undefined);
  const ledger = openSqliteLedger(path);
  try {
    return await use(ledger);
  } finally {
    await ledger.close();
  }
}

/** The error for a command that cannot do without a ledger. */
export function noLedger(stateFolder: string): CommandError {
  return new CommandError(
    'unknown',
    `There is no ledger ${ledgerPath(stateFolder)}: name the signer's folder with --state.`,
  );
}
