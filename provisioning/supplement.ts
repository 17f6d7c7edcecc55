import type { Decision } from './decision.ts';

/** Which units of a batch run again, of those that ended without a pass. Without a list: all of them. */
export interface EndedChoice {
  /** In upper or lower case. */
  readonly serials?: readonly string[];
  /** The codes with which they ended. */
  readonly codes?: readonly string[];
  /** Also those that a person scrapped, which otherwise stay as they are. */
  readonly scrapped?: boolean;
}

/** A supplement of a batch: units of it that have ended, and run again. It is a run of the batch, beside its first. */
export interface SupplementInput {
  /** From 1, in the batch. */
  readonly number: number;
  readonly choice: EndedChoice;
  /** Who decided it, and why. */
  readonly decision: Decision;
  /** Units that it has; absent until the registry has said so. */
  readonly units?: number;
}

/** Exceptional path: the registry opens a supplement, and says how many units it has. The same again changes nothing. */
export interface OpenSupplementInput extends Omit<SupplementInput, 'units'> {
  readonly batchId: string;
}
