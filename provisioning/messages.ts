import type { FailureCode } from './failure-table.ts';

/** Names on the wire of every message; a constant's name is its string. */
export const MESSAGES = {
  /** Query of a batch and of a chunk: counts now. */
  progress: 'progress',
  /** Query of a unit: which step, which socket, why it waits. */
  state: 'state',
  /** Update of a batch: every unit that waits for a decision tries again. */
  rerunFailed: 'rerunFailed',
  /** Updates of a unit that waits. `retry` is also a signal, so that a list of units can be told at once. */
  retry: 'retry',
  skip: 'skip',
  scrap: 'scrap',
  /** Signals between workflows. */
  chunkReport: 'chunkReport',
  reportAgain: 'reportAgain',
  unitAttention: 'unitAttention',
  rerunUnits: 'rerunUnits',
} as const;

/** Optional argument of retry, skip and scrap. */
export interface DecisionInput {
  readonly reason?: string;
}

/** Optional argument of rerunFailed: only units that wait with one of these codes, or with one of these serials. */
export interface RerunFilter {
  readonly codes?: readonly FailureCode[];
  readonly serials?: readonly string[];
}

export interface RerunResult {
  readonly units: number;
}
