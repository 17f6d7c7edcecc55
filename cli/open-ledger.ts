import type { Ledger } from '../pki/ledger/ledger.ts';
import { ledgerName, openLedger } from '../line/ledger.ts';
import type { OpenMode } from '../sql/sql-database.ts';
import { CommandError } from './exit-status.ts';
import type { Invocation } from './invocation.ts';

/** Lends the signer's ledger, whether a signer runs or not. Throws `unknown` where there is none. */
export async function withLedger<T>(
  invocation: Invocation,
  mode: OpenMode,
  use: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  return await withLedgerIfAny(invocation, mode, async (ledger) => {
    if (ledger !== undefined) return await use(ledger);
    const cure = "name the signer's folder with --state, and its configuration with --config";
    throw new CommandError('unknown', `There is no ledger ${ledgerName(invocation)}: ${cure}.`);
  });
}

/** As `withLedger`, for commands that can do without one: undefined where there is none. */
export async function withLedgerIfAny<T>(
  invocation: Invocation,
  mode: OpenMode,
  use: (ledger: Ledger | undefined) => Promise<T>,
): Promise<T> {
  const ledger = await openLedger(invocation, mode);
  try {
    return await use(ledger);
  } finally {
    await ledger?.close();
  }
}
