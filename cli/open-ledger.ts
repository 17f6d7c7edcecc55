import type { LedgerDatabase } from '../pki/ledger/ledger-database.ts';
import { SqlLedger } from '../pki/ledger/sql-ledger.ts';
import { findLineDatabase, findLineDatabaseForReading, ledgerName } from '../line/ledger.ts';
import { CommandError } from './exit-status.ts';
import type { Invocation } from './invocation.ts';

/** Lends the signer's ledger, whether a signer runs or not; undefined where there is none, and none is made. */
export async function withLedger<T>(
  invocation: Invocation,
  use: (ledger: SqlLedger | undefined) => Promise<T>,
): Promise<T> {
  return await lend(await findLineDatabase(invocation), use);
}

/** As `withLedger`, for commands that only read: nothing changes by that. */
export async function readLedger<T>(
  invocation: Invocation,
  use: (ledger: SqlLedger | undefined) => Promise<T>,
): Promise<T> {
  return await lend(await findLineDatabaseForReading(invocation), use);
}

async function lend<T>(
  database: LedgerDatabase | undefined,
  use: (ledger: SqlLedger | undefined) => Promise<T>,
): Promise<T> {
  if (database === undefined) return await use(undefined);
  const ledger = new SqlLedger(database);
  try {
    return await use(ledger);
  } finally {
    await ledger.close();
  }
}

/** The error for a command that cannot do without a ledger. */
export function noLedger(invocation: Invocation): CommandError {
  const cure = "name the signer's folder with --state, and its configuration with --config";
  return new CommandError('unknown', `There is no ledger ${ledgerName(invocation)}: ${cure}.`);
}
