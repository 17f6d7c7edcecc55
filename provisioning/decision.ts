import type { MESSAGES } from './messages.ts';

/** What a person may decide about a unit that waits. */
export type UnitVerdict = (typeof MESSAGES)['retry' | 'skip' | 'scrap'];

/** How a unit ends that waits: by a decision about it, or because its batch is closed. */
export type UnitEnd = UnitVerdict | 'close';

/** What a person may decide about a batch. */
export type BatchVerdict =
  'rerun' | 'pause' | 'resume' | 'window' | 'priority' | 'cancel' | 'recover' | 'withdraw' | 'close';

/** Who decided what, why and when. What was not said is absent. */
export interface Decision<Verdict extends string = string> {
  readonly verdict: Verdict;
  /** What it is about: how many units try again, or may be under way; for a priority, the number alone. */
  readonly detail?: string;
  readonly reason?: string;
  readonly by?: string;
  /** ISO 8601, the workflow's clock. */
  readonly decidedAt: string;
  /** The supplement that it is about; absent where it is about a unit, or the first run of a batch. */
  readonly supplement?: number;
}

/** Why somebody decides, and who; both may be left out. */
interface Said {
  readonly reason?: string | undefined;
  readonly by?: string | undefined;
}

/** Why and by whom; what was not said is absent. */
export function saidIn({ reason, by }: Said = {}): Pick<Decision, 'reason' | 'by'> {
  return { ...(reason !== undefined && { reason }), ...(by !== undefined && { by }) };
}

/** A decision of this moment; in a workflow, of the workflow's clock. */
export function decidedNow<Verdict extends string>(
  verdict: Verdict,
  input?: Said,
  detail?: string,
): Decision<Verdict> {
  return {
    verdict,
    ...(detail !== undefined && { detail }),
    ...saidIn(input),
    decidedAt: new Date().toISOString(),
  };
}

/** Exceptional path: a decision about one attempt at a unit. */
export interface RecordDecisionInput {
  readonly batchId: string;
  readonly serial: string;
  readonly attempt: number;
  readonly decision: Decision;
}

/** Exceptional path: a decision about a batch. */
export interface RecordBatchDecisionInput {
  readonly batchId: string;
  readonly decision: Decision;
}
