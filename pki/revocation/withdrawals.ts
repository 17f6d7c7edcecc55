import type { RevocationReason } from '../x509/revocation-reason.ts';

/**
 * A certificate that is no longer valid, surely or perhaps signed: everything that the key may have signed must be
 * listed.
 */
export interface WithdrawnCertificate {
  /** Lower-case hex. */
  readonly certificateSerial: string;
  readonly reason: RevocationReason | 'certificateHold';
  /** ISO 8601. */
  readonly at: string;
  /** Its to-be-signed part, which names the issuer. */
  readonly tbs: Uint8Array;
}

/** A revocation list that has a number; `mark` is the ledger's `withdrawalMark` then. */
export interface NumberedCrl {
  readonly number: number;
  readonly mark: string;
  /** ISO 8601. */
  readonly madeAt: string;
}

/** What is to be signed of a list that has just been numbered, and the mark of what it lists. */
export interface NumberedTbs extends Pick<NumberedCrl, 'mark'> {
  readonly tbs: Uint8Array;
}

/** Makes the to-be-signed part of a revocation list. */
export type CrlBuild = (number: number, withdrawn: readonly WithdrawnCertificate[]) => Uint8Array;

/** What making revocation lists needs of the ledger. Each method throws LEDGER_UNAVAILABLE or LEDGER_CORRUPT. */
export interface Withdrawals {
  /** Changes whenever a certificate is withdrawn, put on hold or released from it. */
  withdrawalMark(): Promise<string>;
  /** The newest revocation list of the issuer (SHA-256 of its key, hex) that was numbered. */
  latestCrl(issuer: string): Promise<NumberedCrl | undefined>;
  /** Numbers the issuer's next revocation list, beyond `published`, and records its hash before it can be signed. */
  numberCrl(issuer: string, now: Date, build: CrlBuild, published?: number): Promise<NumberedTbs>;
  /** Whether the ledger has a certificate of this serial number, in lower-case hex. */
  isKnown(certificateSerial: string): Promise<boolean>;
  /** Records an ownership proof before it is signed. Throws REQUEST_CONFLICT when the code is a unit's serial. */
  recordOwnershipProof(proofCode: string, tbsSha256: string): Promise<void>;
}
