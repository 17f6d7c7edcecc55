/** What a column holds. Every integer of the ledger fits a number. */
export type LedgerValue = string | number | Uint8Array | null;

export type LedgerRow = Readonly<Record<string, LedgerValue>>;

/** Statements inside one transaction; `?` stands for each of the values in turn. */
export interface LedgerTransaction {
  get(sql: string, ...values: LedgerValue[]): Promise<LedgerRow | undefined>;
  all(sql: string, ...values: LedgerValue[]): Promise<LedgerRow[]>;
  /** The number of rows that it changed. */
  run(sql: string, ...values: LedgerValue[]): Promise<number>;
}

/**
 * The database under a ledger. `work` may await nothing but its transaction. Both methods throw LEDGER_UNAVAILABLE,
 * LEDGER_CORRUPT, or SIGNER_FAULT for a broken constraint, and whatever `work` throws, after rolling back.
 */
export interface LedgerDatabase {
  /** Sees what is committed, and nothing else. */
  read<T>(work: (transaction: LedgerTransaction) => Promise<T>): Promise<T>;
  /** One writer at a time, from the first statement on; on disk when the promise resolves. */
  write<T>(work: (transaction: LedgerTransaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
