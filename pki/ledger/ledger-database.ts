import type { SqlTransaction } from '../../sql/transaction.ts';

/**
 * sign: makes the ledger where there is none, and brings its schema up to date. command: brings an existing one up to
 * date. read: changes nothing, and throws LEDGER_OLDER for a ledger that a signer has yet to bring up to date.
 */
export type LedgerMode = 'sign' | 'command' | 'read';

/**
 * The database under a ledger. `work` may await only its transaction. All three throw LEDGER_UNAVAILABLE,
 * LEDGER_CORRUPT, or SIGNER_FAULT for a broken constraint, and whatever `work` throws, after rolling back.
 */
export interface LedgerDatabase {
  /** Sees what is committed, and nothing else. */
  read<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;
  /** Sees what is committed when it begins, however long it takes. */
  snapshot<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;
  /** One writer at a time, from the first statement on; on disk when the promise resolves. */
  write<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T>;
  /** No write begins while the promise that `wait` returns is pending; what it rejects with does not matter. */
  waitBetweenGroups(wait: () => Promise<void> | undefined): void;
  /** Throws LEDGER_UNAVAILABLE where a signer could not write. */
  assertWritable(): Promise<void>;
  close(): Promise<void>;
}
