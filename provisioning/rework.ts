import type { Claim } from './claim.ts';
import type { Decision } from './decision.ts';
import type { FailureCode } from './failure-table.ts';
import type { Outcome } from './outcome.ts';
import type { RecalledUnit } from './registration.ts';
import type { BoardCertificate } from './signing.ts';
import type { Step } from './step.ts';
import type { AttemptId, Attention, UnitReport, UnitRow } from './unit.ts';

/**
 * What may be done to a unit that passed. renew: a new certificate for the key that its board holds. rekey: its board is
 * wiped and gets a new key and certificate. swap: a blank board takes the place of its board. scrap: it never ships; its
 * board is wiped if it is in a socket.
 */
export const REWORK_KINDS = ['renew', 'rekey', 'swap', 'scrap'] as const;

export type ReworkKind = (typeof REWORK_KINDS)[number];

/** True where the old certificate is used until the new one is proven on a board; the other kinds wipe the board first. */
export function keepsOldCertificate(kind: ReworkKind): boolean {
  return kind === 'renew' || kind === 'swap';
}

/** Units of a rework: as many as a chunk has, since they report to one workflow. */
export const REWORK_MAX = 250;

/** A rework as a person at the orchestrator asked for it. */
export interface AskedRework {
  readonly reworkId: string;
  readonly kind: ReworkKind;
  readonly reason: string;
  readonly by: string;
  /** ISO 8601. It begins soon after, or not at all; an earlier version did not say it. */
  readonly askedAt?: string;
  /** Against which it counts; absent: against the order of each unit. */
  readonly order?: string;
  /** At most `REWORK_MAX`. */
  readonly serials: readonly string[];
}

/** Input of the rework workflow. */
export interface ReworkInput extends AskedRework {
  /** The intake's signature over the rest: anybody can start a workflow. Ed25519, base64. */
  readonly signed: string;
  /** Who ends a rework whose workflows were terminated; it begins nothing then. */
  readonly recovery?: Decision;
}

/** A unit as a rework finds it. */
export interface ReworkUnit extends UnitRow {
  readonly batchId: string;
  /** Against which its rework counts. */
  readonly order: string;
  /** The first attempt of the rework. */
  readonly attempt: number;
  /** Hardware id of the board that it passed with. */
  readonly heldBoardId: string;
  /** The certificate that is in use: attempt, SHA-256 of the DER and of its key, and the DER in base64. */
  readonly oldAttempt: number;
  readonly oldFingerprint: string;
  readonly oldSpkiSha256: string;
  readonly oldCertificate: string;
}

/** A unit of a rework that may have begun before: its result, if it has ended. */
export interface OpenedReworkUnit extends ReworkUnit {
  readonly result?: ReworkResult;
}

/** All of its units, or those that cannot be reworked; then there is no rework. */
export interface OpenedRework {
  readonly units: readonly OpenedReworkUnit[];
  readonly refusals: readonly ReworkRefusal[];
}

export interface ReworkRefusal {
  readonly serial: string;
  /** Ends the sentence that begins with the serial. */
  readonly why: string;
}

/** Input of the workflow of one unit in a rework. */
export interface ReworkUnitInput extends Pick<ReworkInput, 'reworkId' | 'kind' | 'reason' | 'by'> {
  readonly unit: ReworkUnit;
}

/**
 * done: what was asked for was done. kept: given up; the unit passed, with the certificate that it had. ended: given up; the
 * unit has no valid certificate, and its outcome says so.
 */
export type ReworkResult = 'done' | 'kept' | 'ended';

/** What the workflow of a unit in a rework ends with. */
export interface ReworkUnitReport extends UnitReport {
  readonly result: ReworkResult;
}

/** The answer of a rework's `reworkState` query, and the result of its workflow. */
export interface ReworkState {
  readonly reworkId: string;
  /** opening: nothing is allowed yet. refused: nothing was done. */
  readonly phase: 'opening' | 'open' | 'refused' | 'closed';
  /** Why it is refused, in a sentence. */
  readonly message?: string;
  readonly units: number;
  readonly done: number;
  readonly kept: number;
  readonly ended: number;
  readonly attention: readonly Attention[];
}

/** What is recorded of a unit in a rework. Outcome and result are absent where the rework has not ended. */
export interface RecalledRework extends RecalledUnit {
  readonly result?: ReworkResult;
}

/** The signer does not allow a rework: nothing was done. */
export interface RefuseReworkInput {
  readonly reworkId: string;
  readonly code: FailureCode;
  readonly message: string;
}

/** One attempt at a unit in a rework. */
export interface ReworkOfUnit {
  readonly reworkId: string;
  readonly unit: AttemptId;
}

/** Where a certificate is registered that takes the place of another one. */
export interface ReworkOfAttempt {
  readonly reworkId: string;
  /** The attempt whose certificate ends. */
  readonly supersedesAttempt: number;
}

/** What an attempt of a rework failed with. */
export interface ReworkFailure {
  readonly step: Step;
  readonly code: FailureCode;
  readonly message?: string;
  readonly claim?: Claim;
  readonly startedAt?: string;
}

/** The unit waits for a decision; its outcome and certificate stay. */
export interface RecordReworkFailureInput extends ReworkOfUnit {
  readonly failure: ReworkFailure;
  /** What was signed in this attempt. */
  readonly boardCertificate?: BoardCertificate;
}

/** The rework of a unit has ended otherwise than by registering a certificate. */
export interface EndReworkUnitInput extends ReworkOfUnit {
  readonly result: ReworkResult;
  /** The outcome of the unit from now on, and the code of it, where it has no valid certificate any more. */
  readonly outcome?: { readonly outcome: Exclude<Outcome, 'PASS'>; readonly code: FailureCode };
  readonly failure?: ReworkFailure;
  readonly decision?: Decision;
  /** What was signed in its last attempt, and is not registered. */
  readonly boardCertificate?: BoardCertificate;
}
