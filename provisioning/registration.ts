import type {
  CloseBatchInput,
  FreeUnitsInput,
  LoadChunkInput,
  LoadedChunk,
  NeverBegunInput,
  NeverBegunUnits,
  RecordRefusalInput,
  UnitCounts,
} from './batch.ts';
import type { AttemptRelease, ReleaseAttemptInput } from './permit.ts';
import type { Claim } from './claim.ts';
import type { Decision, RecordBatchDecisionInput, RecordDecisionInput } from './decision.ts';
import type { VerifiedReadback } from './delivery.ts';
import type { FailureCode } from './failure-table.ts';
import type { Outcome } from './outcome.ts';
import type { RejectedBoard } from './rejected-board.ts';
import type { ReportedPass } from './pass.ts';
import type {
  EndReworkUnitInput,
  OpenedRework,
  RecalledRework,
  RecordReworkFailureInput,
  RefuseReworkInput,
  ReworkInput,
  ReworkOfAttempt,
  ReworkOfUnit,
  ReworkResult,
} from './rework.ts';
import type { BoardCertificate, EndWord, SignedCertificate, UnfinishedCertificate } from './signing.ts';
import type { Step } from './step.ts';
import type { OpenSupplementInput } from './supplement.ts';
import type { AttemptId, UnitAttempt } from './unit.ts';

export interface RegisterDeviceInput {
  readonly unit: UnitAttempt;
  readonly claim: Claim;
  readonly signed: SignedCertificate;
  readonly spkiSha256: string;
  readonly startedAt: string;
  readonly verified: VerifiedReadback;
  /** When each step of the attempt began, by the clock of the workflow; absent where an earlier version made it. */
  readonly steps?: Partial<Record<Step, string>>;
  /** The unit had passed before, and this certificate takes the place of another one. */
  readonly rework?: ReworkOfAttempt;
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
  /** Of the key with which it ends, if it got one: SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly spkiSha256?: string;
  /** What was signed in this attempt; absent where an earlier version made it. */
  readonly boardCertificate?: BoardCertificate;
}

/** Exceptional path: the workflow of a unit has ended, and reported nothing. */
export interface RecordTerminationInput extends Pick<AttemptId, 'batchId' | 'serial'> {
  /** What the signer has signed for it and nobody has called active; absent where there is nothing, or the signer did not answer. */
  readonly certificate?: UnfinishedCertificate;
}

/** Exceptional path: the workflow of a unit was reset, or started by hand, and asks how the unit stands. */
export interface RecallUnitInput extends Pick<AttemptId, 'batchId' | 'serial'> {
  /** The key whose certificate ends if the unit has ended: SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly endedKey?: string;
  /** That certificate, if it was signed, or one of an earlier attempt without which the unit continues. */
  readonly boardCertificate?: BoardCertificate;
}

/** What is recorded of a unit. */
export interface RecalledUnit extends SignedEnd {
  /** Absent where it has not ended. */
  readonly outcome?: Outcome;
  /** The last attempt of which anything is recorded; 0 where nothing is. */
  readonly attempt: number;
  /** The last attempt for which the intake gave its word; absent where it gave none, and from an earlier version. */
  readonly released?: number;
  readonly code?: FailureCode;
  /** Of the active certificate of a unit that passed; see `SignedCertificate` for its name. */
  readonly fingerprint?: string;
  readonly spkiSha256?: string;
}

/** Absent where the unit did not end without a pass, where it got no key, and in the answer of an earlier version. */
export interface SignedEnd {
  readonly ended?: EndWord;
}

/** How the unit ended: as recorded, or else as terminated. `attempt`: its last one. */
export interface EndedUnit extends SignedEnd {
  readonly outcome: Outcome;
  readonly attempt: number;
}

/** At the end of a run of a batch: how did the units of these certificates end? */
export interface JudgeCertificatesInput {
  readonly batchId: string;
  readonly certificates: readonly UnfinishedCertificate[];
  /** Nothing of the batch runs any more: a unit without an end was terminated, and is recorded so. */
  readonly isOver?: boolean;
  /** The supplement of which nothing runs; absent for the first run of a batch. */
  readonly supplement?: number;
}

/** Of a unit that may still run, nothing is said. */
export interface JudgedCertificates {
  /** Their units passed with just these keys, as their stations say. */
  readonly passed: readonly ReportedPass[];
  /** Their units ended without a pass. */
  readonly ended: readonly (UnfinishedCertificate & SignedEnd)[];
}

/** Exceptional path: the result file of a batch is written again, if the batch is closed. */
export interface RewriteResultInput {
  readonly batchId: string;
}

/** Served on `registry`. */
export interface RegistryActivities {
  registerDevice(input: RegisterDeviceInput): Promise<void>;
  recordFailure(input: RecordFailureInput): Promise<SignedEnd | void>;
  recordDecision(input: RecordDecisionInput): Promise<void>;
  recordBatchDecision(input: RecordBatchDecisionInput): Promise<void>;
  recordRefusal(input: RecordRefusalInput): Promise<void>;
  recordTermination(input: RecordTerminationInput): Promise<EndedUnit>;
  recordRejectedBoard(input: RejectedBoard): Promise<void>;
  recallUnit(input: RecallUnitInput): Promise<RecalledUnit>;
  loadChunk(input: LoadChunkInput): Promise<LoadedChunk>;
  /** Exceptional path: whether a further attempt may be made, signed by the intake. */
  releaseAttempt(input: ReleaseAttemptInput): Promise<AttemptRelease>;
  /** Returns how many units the supplement has. */
  openSupplement(input: OpenSupplementInput): Promise<number>;
  judgeCertificates(input: JudgeCertificatesInput): Promise<JudgedCertificates>;
  openRework(input: ReworkInput): Promise<OpenedRework>;
  refuseRework(input: RefuseReworkInput): Promise<void>;
  recordWipe(input: ReworkOfUnit): Promise<void>;
  recordReworkFailure(input: RecordReworkFailureInput): Promise<void>;
  /** Returns how it has ended: the first end stays. */
  endReworkUnit(input: EndReworkUnitInput): Promise<ReworkResult>;
  /** Exceptional path: how a unit in a rework stands. */
  recallReworkUnit(input: ReworkOfUnit): Promise<RecalledRework>;
  rewriteResult(input: RewriteResultInput): Promise<void>;
  neverBegun(input: NeverBegunInput): Promise<NeverBegunUnits>;
  freeUnits(input: FreeUnitsInput): Promise<void>;
  /** Returns what the registry then counts. */
  closeBatch(input: CloseBatchInput): Promise<UnitCounts>;
}
