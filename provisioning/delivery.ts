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

/** Served on `station/<id>`. */
export interface StationActivities {
  flashCredentials(input: DeliveryInput): Promise<void>;
  verifyReadback(input: DeliveryInput): Promise<VerifiedReadback>;
  releaseSocket(input: ReleaseSocketInput): Promise<void>;
}
