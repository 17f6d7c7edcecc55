import type { Permit } from './permit.ts';
import type { UnitAttempt } from './unit.ts';

/**
 * Where a unit's board is. `boardId` says which board: it is the hardware id that the board's chip reports, in
 * lower-case hex, which manifests list as `board_id`. Code that reads it from the chip calls it the hardware id.
 */
export interface Claim {
  readonly stationId: string;
  readonly socket: string;
  readonly boardId: string;
}

export interface GenerateKeypairInput {
  readonly unit: UnitAttempt;
  /** Absent in a task of an earlier version, which is refused. */
  readonly permit?: Permit;
  /** The board of a unit that passed, which is wiped; absent: whichever blank board is offered. */
  readonly boardId?: string;
}

/** A unit that passed gets a new certificate for the key that is on its board. */
export interface RequestRenewalInput {
  readonly unit: UnitAttempt;
  readonly permit?: Permit;
  readonly boardId: string;
  /** Of the key, SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly spkiSha256: string;
}

/** A unit that passed is scrapped: key and certificate are removed from its board. */
export interface WipeBoardInput {
  readonly unit: UnitAttempt;
  readonly permit?: Permit;
  readonly boardId: string;
}

export interface GeneratedKeypair extends Claim {
  /** PKCS#10 request, DER in base64. */
  readonly csr: string;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly spkiSha256: string;
  /** ISO 8601, the station's clock. */
  readonly startedAt: string;
  /** Under which the certificate is asked for, where it is renewed; absent: the id of the key. */
  readonly requestId?: string;
  readonly signed: StationSignature;
}

/** What the station says to the signer, by way of the workflow. */
export interface StationSignature {
  /** ISO 8601, the station's clock. */
  readonly at: string;
  /** Ed25519, base64, over the request. */
  readonly signature: string;
}

/** Served on the queue of what a board is. */
export interface ClaimActivities {
  generateKeypair(input: GenerateKeypairInput): Promise<GeneratedKeypair>;
  requestRenewal(input: RequestRenewalInput): Promise<GeneratedKeypair>;
  wipeBoard(input: WipeBoardInput): Promise<void>;
}
