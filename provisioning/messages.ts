import type { FailureCode } from './failure-table.ts';

/** The name of every message on the wire. */
export const MESSAGES = {
  /** Query of a batch: its present counts. */
  progress: 'progress',
  /** Query of a unit: which step, which socket, why it waits. */
  state: 'state',
  /** Update of a batch: every unit that waits for a decision tries again. */
  rerunFailed: 'rerunFailed',
  /** Updates of a unit that waits. `retry` is a signal as well, so that it can be sent to a list of units at once. */
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
