import type { Claim } from './claim.ts';
import type { FailureCode } from './failure-table.ts';
import type { SignedPass } from './pass.ts';
import type { UnitAttempt } from './unit.ts';

/** Input of flashCredentials and of verifyReadback: what must be on which board. */
export interface DeliveryInput {
  readonly unit: UnitAttempt;
  readonly claim: Claim;
  readonly certificate: string;
  readonly spkiSha256: string;
}

export interface VerifiedReadback {
  readonly verifiedAt: string;
  readonly evidence: Readonly<Record<string, string | number>>;
  /** Absent where an earlier version of the station proved it. */
  readonly pass?: SignedPass;
}

/** Exceptional path: the unit leaves its socket; the code decides whether the next unit may have the board. */
export interface ReleaseSocketInput {
  readonly unit: UnitAttempt;
  readonly claim: Claim;
  readonly code: FailureCode;
}

/** Exceptional path: a run of a unit that somebody reset has forgotten what was proven. */
export interface RecallProofInput {
  readonly unit: UnitAttempt;
  readonly boardId: string;
}

/** What a station proved of a board, which may have left since. Empty where it proved nothing. */
export interface RecalledProof {
  /** Where the board was; absent in a proof of an earlier version. */
  readonly socket?: string;
  readonly verified?: VerifiedReadback;
}

/** Served on `station/<id>`. */
export interface StationActivities {
  flashCredentials(input: DeliveryInput): Promise<void>;
  verifyReadback(input: DeliveryInput): Promise<VerifiedReadback>;
  releaseSocket(input: ReleaseSocketInput): Promise<void>;
  recallProof(input: RecallProofInput): Promise<RecalledProof>;
}
