import type { SqlTransaction } from '../../sql/transaction.ts';

/**
 * The database under a ledger. `work` may await nothing but its transaction. Both methods throw LEDGER_UNAVAILABLE,
 * LEDGER_CORRUPT, or SIGNER_FAULT for a broken constraint, and whatever `work` throws, after rolling back.
 */
export interface LedgerDatabase {
  /** Sees what is committed, and nothing else. */
  read<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;
  /** One writer at a time, from the first statement on; on disk when the promise resolves. */
  write<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
