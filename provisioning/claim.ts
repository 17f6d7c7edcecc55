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

/** Served on the queue of what a board is. */
export interface ClaimActivities {
  generateKeypair(input: GenerateKeypairInput): Promise<GeneratedKeypair>;
}
