import type { FailureCode } from './failure-table.ts';
import type { Attention } from './unit.ts';

/** The name of every message on the wire. */
export const MESSAGES = {
  /** Query of a batch: its present counts. */
  progress: 'progress',
  /** Query of a rework: whether it is allowed, what has ended, and what waits. */
  reworkState: 'reworkState',
  /** Query of a unit: which step, which socket, why it waits. */
  state: 'state',
  /** Update of a batch: every unit that waits for a decision tries again. */
  rerunFailed: 'rerunFailed',
  /** Updates of a batch: no further unit starts, units start again, so many are under way at once, they go before others. */
  pause: 'pause',
  resume: 'resume',
  setWindow: 'setWindow',
  setPriority: 'setPriority',
  /** Update of a batch: no further unit starts, units that wait end, units under way finish normally. */
  close: 'close',
  /** Updates of a unit that waits. `retry` is a signal as well, so that it can be sent to a list of units at once. */
  retry: 'retry',
  skip: 'skip',
  scrap: 'scrap',
  /** Signal to a batch, before its cancellation, which itself says neither who nor why. */
  announceCancel: 'announceCancel',
  /** Signal to a batch, from a part of the line whose trouble has changed. */
  lineReport: 'lineReport',
  /** Signals between workflows. */
  chunkReport: 'chunkReport',
  reportAgain: 'reportAgain',
  unitAttention: 'unitAttention',
  rerunUnits: 'rerunUnits',
  setPace: 'setPace',
  closeUnits: 'closeUnits',
} as const;

/** Characters that a reason and the name of who decided may have, in UTF-16 units. */
export const REASON_MAX = 500;
export const BY_MAX = 100;

/** Optional argument of retry, skip and scrap: why, and who decided. */
export interface DecisionInput {
  /** Text of 1 to 500 characters without control characters. */
  readonly reason?: string | undefined;
  /** Text of 1 to 100 characters without control characters. */
  readonly by?: string | undefined;
}

/**
 * Optional argument of rerunFailed: only units that wait with one of these codes, or with one of these serials, in whatever
 * case. A list that is there has an entry.
 */
export interface RerunFilter extends DecisionInput {
  readonly codes?: readonly FailureCode[] | undefined;
  readonly serials?: readonly string[] | undefined;
}

/** Optional argument of announceCancel. */
export interface CancelInput extends DecisionInput {
  /** The import was wrong: the batch is withdrawn. */
  readonly withdraw?: boolean | undefined;
}

/** Argument of close. */
export interface CloseInput extends DecisionInput {
  /** Short: units are left out. Over: more boards were made than the batch has units. */
  readonly as: 'short' | 'over';
  readonly reason: string;
}

/** Argument of setWindow. */
export interface WindowInput extends DecisionInput {
  /** Units under way at once, from 1 to 500. */
  readonly units: number;
}

/** Argument of setPriority. */
export interface PriorityInput extends DecisionInput {
  /** From 1, which goes first, to 5. */
  readonly priority: number;
}

/** As many as the configuration of a factory line may ask for (`unitsInFlight`). */
export const WINDOW_MAX = 500;

export interface RerunResult {
  readonly units: number;
}

/** To the chunk: one of its units waits, or waits no more. */
export interface UnitAttention {
  readonly serial: string;
  readonly attention: Attention | null;
}

/** To the chunk: which of its units try again. */
export interface RerunUnits extends DecisionInput {
  readonly serials: readonly string[];
}
