import type { CloseBatchInput, LoadChunkInput, RecordRefusalInput } from './batch.ts';
import type { Claim } from './claim.ts';
import type { Decision, RecordDecisionInput } from './decision.ts';
import type { VerifiedReadback } from './delivery.ts';
import type { FailureCode } from './failure-table.ts';
import type { Outcome } from './outcome.ts';
import type { SignedCertificate } from './signing.ts';
import type { Step } from './step.ts';
import type { UnitAttempt, UnitRow } from './unit.ts';

export interface RegisterDeviceInput {
  readonly unit: UnitAttempt;
  readonly claim: Claim;
  readonly signed: SignedCertificate;
  readonly spkiSha256: string;
  readonly startedAt: string;
  readonly verified: VerifiedReadback;
}

/** Exceptional path: the registry learns that a unit waits, or ended without a pass. */
export interface RecordFailureInput {
  readonly unit: UnitAttempt;
  readonly step: Step;
  readonly code: FailureCode;
  /** What happened, in a sentence, where more is known than the code says. */
  readonly message?: string;
  readonly claim?: Claim;
  readonly startedAt?: string;
  /** Absent while the unit waits for a decision. */
  readonly outcome?: Exclude<Outcome, 'PASS'>;
  readonly reason?: string;
  /** With which the unit ends. */
  readonly decision?: Decision;
}

/** Served on `registry`. */
export interface RegistryActivities {
  registerDevice(input: RegisterDeviceInput): Promise<void>;
  recordFailure(input: RecordFailureInput): Promise<void>;
  recordDecision(input: RecordDecisionInput): Promise<void>;
  recordRefusal(input: RecordRefusalInput): Promise<void>;
  loadChunk(input: LoadChunkInput): Promise<UnitRow[]>;
  closeBatch(input: CloseBatchInput): Promise<void>;
}
