import type { OrderQuestion, OrderReply } from './order-check.ts';
import type { Claim, StationSignature } from './claim.ts';
import type { ReworkInput } from './rework.ts';
import type { PermitAttemptInput, PermittedAttempt, Permit, ReleasedUnits } from './permit.ts';
import type { ReportedPass } from './pass.ts';
import type { SeenLog } from './signer-log.ts';
import type { AttemptId, UnitAttempt, UnitRow } from './unit.ts';

export interface SignCertificateInput {
  /** The same id always gets the same certificate bytes. */
  readonly requestId: string;
  readonly unit: UnitAttempt;
  readonly claim: Claim;
  readonly csr: string;
  readonly spkiSha256: string;
  readonly signed: StationSignature;
  /** Absent in a request of an earlier version. */
  readonly permit?: Permit;
}

/**
 * A `CertificateRecord` as it travels in payloads. `fingerprint` is its `certificateSha256`: a batch that an earlier version
 * started has it in its history under this name. `spkiSha256` travels beside it.
 */
export interface SignedCertificate {
  /** X.509 certificate, DER in base64. */
  readonly certificate: string;
  /** Serial number of the certificate, hex. */
  readonly certificateSerial: string;
  /** SHA-256 of the certificate's DER, hex. */
  readonly fingerprint: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** The end of the signer's audit log after it, a signed note; absent from a signer of an earlier version. */
  readonly checkpoint?: string;
}

/** Units that passed: from now on their boards and serials belong together. */
export interface ActivateCertificatesInput {
  readonly passes: readonly ReportedPass[];
}

/** The input as a chunk of an earlier version sent it. */
export interface EarlierActivateCertificatesInput {
  readonly requestIds: readonly string[];
}

/** What units have passed, whichever version reports it. */
export function reportedPasses(
  input: ActivateCertificatesInput | EarlierActivateCertificatesInput,
): readonly ReportedPass[] {
  return 'passes' in input ? input.passes : input.requestIds.map((requestId) => ({ requestId }));
}

/** A certificate that is signed or being signed, and that no report has called active. */
export interface UnfinishedCertificate extends Pick<UnitAttempt, 'serial' | 'attempt'> {
  readonly requestId: string;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly spkiSha256: string;
  /** The board that it was asked for, and the station that did; absent from a signer of an earlier version. */
  readonly boardId?: string;
  readonly stationId?: string;
  /** X.509 certificate, DER in base64; absent where it is not signed yet, and where nobody asked for it. */
  readonly certificate?: string;
}

/** A certificate that was signed for a board. The board may have it, whether it is registered or not. */
export interface BoardCertificate {
  readonly boardId: string;
  /** X.509 certificate, DER in base64. */
  readonly certificate: string;
}

/** A certificate that was issued for a unit, and that no report has called active. */
export interface IssuedCertificate {
  readonly attempt: number;
  readonly requestId: string;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly spkiSha256: string;
  readonly boardId: string;
  readonly stationId: string;
  readonly signed: SignedCertificate;
}

export interface RecallCertificateInput {
  readonly batchId: string;
  readonly serial: string;
}

export interface UnfinishedCertificatesInput {
  readonly batchId: string;
  /** Of this unit alone; absent for all units of the batch. */
  readonly serial?: string;
  /** `next` of the page before; absent for the first. */
  readonly after?: number;
  /** The certificates themselves, too; an earlier version did not ask for them. */
  readonly withCertificates?: true;
}

/** A page: as many certificates as a chunk has units, at most. */
export interface UnfinishedCertificates {
  readonly certificates: readonly UnfinishedCertificate[];
  /** Absent on the last page. */
  readonly next?: number;
}

/** The intake's word that a unit ended without a pass, of which this key is. */
export interface EndWord {
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly spkiSha256: string;
  /** Ed25519, base64. */
  readonly signature: string;
}

/**
 * Exceptional path: the certificate of this serial that no unit has passed with is revoked, and nothing of this attempt is
 * signed any more. One that is active stays.
 */
export interface RevokeCertificateInput {
  readonly unit: AttemptId;
  readonly reason: string;
  /** Without it, a certificate that was issued stays until its batch ends. */
  readonly ended?: EndWord;
}

export interface ReleaseUnitsInput {
  readonly batchId: string;
  readonly order: string;
  readonly manifestSha256: string;
  /** Units of the whole batch: so many certificates may be issued for it. */
  readonly quantity: number;
  readonly units: readonly UnitRow[];
  /** The intake's signature over all this, base64; absent where an earlier version loaded the units. */
  readonly signed?: string;
  /** What the registry has seen of the logs of signers: a signer that does not have it is an old copy. */
  readonly seen?: readonly SeenLog[];
}

/** Exceptional path: units that ended without a pass run again. */
export interface ReleaseAttemptsInput extends Omit<ReleaseUnitsInput, 'units'> {
  /** Names what they run again in: the same name again changes nothing for a unit that it released. */
  readonly run: string;
  /** `attempt`: the last that is recorded; 0 where none is. */
  readonly units: readonly (UnitRow & { readonly attempt: number })[];
  readonly reason?: string;
  readonly by?: string;
}

/** A unit that may run again, from this attempt on. */
export interface ReleasedAttempt {
  readonly serial: string;
  readonly attempt: number;
  /** An earlier attempt got a certificate, which may be on a board. */
  readonly hasCertificate: boolean;
}

/** Exceptional path: units that were never begun are given back to their order. */
export interface ReturnUnitsInput {
  readonly batchId: string;
  readonly serials: readonly string[];
  /** Supplements that the batch has had: what was released for a later one is not given back. */
  readonly supplements?: number;
  /** The intake's signature over all before, base64; absent where an earlier version asked. */
  readonly signed?: string;
  readonly reason?: string;
  readonly by?: string;
}

/** Units that passed may have another certificate, or lose theirs. */
export interface ReleaseReworkInput extends ReworkInput {
  readonly units: readonly Pick<UnitAttempt, 'serial' | 'product' | 'order'>[];
}

/** The rework of a unit has ended, with its last attempt. */
export interface EndReworkInput extends Pick<AttemptId, 'serial' | 'attempt'> {
  readonly reworkId: string;
  /** The board was wiped or the unit scrapped: its active certificate ends too. */
  readonly revokesActive: boolean;
}

/** Served on `signer`. */
export interface SignerActivities {
  signCertificate(input: SignCertificateInput): Promise<SignedCertificate>;
  /** Returns the request ids that the ledger refuses to activate. */
  activateCertificates(input: ActivateCertificatesInput): Promise<string[]>;
  unfinishedCertificates(input: UnfinishedCertificatesInput): Promise<UnfinishedCertificates>;
  revokeCertificate(input: RevokeCertificateInput): Promise<void>;
  releaseUnits(input: ReleaseUnitsInput): Promise<ReleasedUnits>;
  permitAttempt(input: PermitAttemptInput): Promise<PermittedAttempt>;
  /** What a run of a unit that somebody reset has forgotten; `issued` is absent where there is none. */
  recallCertificate(input: RecallCertificateInput): Promise<{ readonly issued?: IssuedCertificate }>;
  releaseAttempts(input: ReleaseAttemptsInput): Promise<ReleasedAttempt[]>;
  /** Returns the serials that stay, because a certificate of them exists. */
  returnUnits(input: ReturnUnitsInput): Promise<string[]>;
  releaseRework(input: ReleaseReworkInput): Promise<void>;
  endRework(input: EndReworkInput): Promise<void>;
  /** Whether an order allows a manifest; books nothing. */
  askOrder(question: OrderQuestion): Promise<OrderReply>;
}
