import type { Permit } from './permit.ts';
import type { SignedPass } from './pass.ts';
import type { Outcome } from './outcome.ts';
import type { FailureCode } from './failure-table.ts';
import type { Step } from './step.ts';

/** One row of a manifest, as far as making the unit needs it. */
export interface UnitRow {
  readonly serial: string;
  readonly product: string;
  /** The board that the manifest names for this serial; see `Claim`. */
  readonly boardId?: string;
}

/** Names one attempt at one unit. Attempts are numbered from 1; each has a key of its own. */
export interface AttemptId {
  readonly batchId: string;
  readonly serial: string;
  readonly attempt: number;
}

/** Which attempt at which unit a step works for. */
export interface UnitAttempt extends AttemptId {
  readonly order: string;
  readonly product: string;
}

/** Input of the unit workflow. */
export interface UnitInput {
  readonly batchId: string;
  readonly order: string;
  readonly unit: UnitRow;
  /** Of the first attempt; absent where an earlier version of the chunk began the unit. */
  readonly permit?: Permit;
  /** The first attempt of a unit that runs again; absent for one that has not ended before. */
  readonly attempt?: number;
  /** An earlier attempt got a certificate, which may be on a board. */
  readonly hasCertificate?: boolean;
}

/** What a unit workflow ends with; a unit that did not pass ends as a failed workflow with this as its details. */
export interface UnitReport {
  readonly serial: string;
  readonly outcome: Outcome;
  readonly attempts: number;
  readonly code?: FailureCode;
  readonly step?: Step;
  /** SHA-256 of the certificate; see `SignedCertificate` for its name. */
  readonly fingerprint?: string;
  /** Under which the certificate is in the signer's ledger. */
  readonly requestId?: string;
  /** Of a unit that passed: its board, and the word of its station. */
  readonly boardId?: string;
  readonly pass?: SignedPass;
}

/** Why a unit waits for a person. */
export interface Attention {
  readonly serial: string;
  readonly code: FailureCode;
  readonly step: Step;
  readonly attempt: number;
  /** What to do, for the person at the bench; empty in what a chunk reports. */
  readonly hint: string;
  /** Where its board was; absent where it had none, and from units of earlier versions. */
  readonly stationId?: string;
  readonly socket?: string;
}

/** The answer of a unit's `state` query. */
export interface UnitState {
  readonly serial: string;
  readonly attempt: number;
  readonly step: Step;
  readonly stationId?: string;
  readonly socket?: string;
  readonly boardId?: string;
  readonly attention?: Attention;
  /** What happened, in a sentence, where more is known than the hint says. */
  readonly message?: string;
}
