import type { FailureCode } from './failure-table.ts';
import type { Outcome } from './outcome.ts';
import type { Step } from './step.ts';
import type { UnitAttempt, UnitRow } from './unit.ts';

/** Where a unit's board is: the station answers on its own queue, the board is known by its hardware id. */
export interface Claim {
  readonly stationId: string;
  readonly socket: string;
  /** Hardware id of the board, lower-case hex. */
  readonly boardId: string;
}

export interface GenerateKeypairInput {
  readonly unit: UnitAttempt;
}

export interface GeneratedKeypair extends Claim {
  /** PKCS#10 request, DER in base64. */
  readonly csr: string;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly spkiSha256: string;
  /** ISO 8601, the station's clock. */
  readonly startedAt: string;
  readonly signed: StationSignature;
}

/** What the station says to the signer, by way of the workflow. */
export interface StationSignature {
  /** ISO 8601, the station's clock. */
  readonly at: string;
  /** Ed25519, base64, over the request. */
  readonly signature: string;
}

export interface SignCertificateInput {
  /** Same id, same certificate bytes, for ever. */
  readonly requestId: string;
  readonly unit: UnitAttempt;
  readonly claim: Claim;
  readonly csr: string;
  readonly spkiSha256: string;
  readonly signed: StationSignature;
}

export interface SignedCertificate {
  /** X.509 certificate, DER in base64. */
  readonly certificate: string;
  /** Serial number of the certificate, hex. */
  readonly certificateSerial: string;
  /** SHA-256 of the certificate's DER, hex. */
  readonly fingerprint: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

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
}

export interface RegisterDeviceInput {
  readonly unit: UnitAttempt;
  readonly claim: Claim;
  readonly signed: SignedCertificate;
  readonly spkiSha256: string;
  readonly startedAt: string;
  readonly verified: VerifiedReadback;
}

/** Exceptional path: the socket is free again, and the board in it is (not) to be offered to the next unit. */
export interface ReleaseSocketInput {
  readonly unit: UnitAttempt;
  readonly claim: Claim;
  readonly code: FailureCode;
}

/** Exceptional path: the registry learns that a unit waits, or ended without a pass. */
export interface RecordFailureInput {
  readonly unit: UnitAttempt;
  readonly step: Step;
  readonly code: FailureCode;
  readonly claim?: Claim;
  readonly startedAt?: string;
  /** Absent while the unit waits for a decision. */
  readonly outcome?: Exclude<Outcome, 'PASS'>;
  readonly reason?: string;
}

/** Exceptional path: whatever is live for this serial is revoked, and nothing of this attempt is signed any more. */
export interface RevokeCertificateInput {
  readonly unit: UnitAttempt;
  readonly reason: string;
}

/** Units that passed: from now on their boards and serials belong together. */
export interface ActivateCertificatesInput {
  readonly requestIds: readonly string[];
}

export interface LoadChunkInput {
  readonly batchId: string;
  /** From 1. */
  readonly chunk: number;
}

export interface ReleaseUnitsInput {
  readonly batchId: string;
  readonly order: string;
  readonly manifestSha256: string;
  /** Rows in the whole batch: the quantity that may be issued. */
  readonly quantity: number;
  readonly units: readonly UnitRow[];
}

/** Exceptional path: the signer refused to release these units, so they wait before they have begun. */
export interface RecordRefusalInput {
  readonly batchId: string;
  readonly units: readonly UnitRow[];
  readonly code: FailureCode;
}

export interface CloseBatchInput {
  readonly batchId: string;
  readonly cancelled: boolean;
}

/** Served on the queue of what a board is. */
export interface ClaimActivities {
  generateKeypair(input: GenerateKeypairInput): Promise<GeneratedKeypair>;
}

/** Served on `station/<id>`. */
export interface StationActivities {
  flashCredentials(input: DeliveryInput): Promise<void>;
  verifyReadback(input: DeliveryInput): Promise<VerifiedReadback>;
  releaseSocket(input: ReleaseSocketInput): Promise<void>;
}

/** Served on `signer`. */
export interface SignerActivities {
  signCertificate(input: SignCertificateInput): Promise<SignedCertificate>;
  /** Gives the request ids that the ledger does not take as active. */
  activateCertificates(input: ActivateCertificatesInput): Promise<string[]>;
  revokeCertificate(input: RevokeCertificateInput): Promise<void>;
  releaseUnits(input: ReleaseUnitsInput): Promise<void>;
}

/** Served on `registry`. */
export interface RegistryActivities {
  registerDevice(input: RegisterDeviceInput): Promise<void>;
  recordFailure(input: RecordFailureInput): Promise<void>;
  recordRefusal(input: RecordRefusalInput): Promise<void>;
  loadChunk(input: LoadChunkInput): Promise<UnitRow[]>;
  closeBatch(input: CloseBatchInput): Promise<void>;
}
