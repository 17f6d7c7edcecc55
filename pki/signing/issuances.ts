import type { AttemptId } from '../../provisioning/unit.ts';
import type { ReadOrder } from '../orders/order-policy.ts';
import type { RevocationReason } from '../x509/revocation-reason.ts';

/**
 * What an issuance can be. signing: its content is fixed, and a signature may exist. issued: the certificate is stored.
 * active: a board is known to carry it. superseded: another attempt took its place. revoked: a person or the line
 * withdrew it.
 */
const ISSUANCE_STATES = ['signing', 'issued', 'active', 'superseded', 'revoked'] as const;

export type IssuanceState = (typeof ISSUANCE_STATES)[number];

/** States in which a serial or a board is taken: at most one issuance each. */
export const LIVE_STATES: ReadonlySet<IssuanceState> = new Set(['signing', 'issued', 'active']);

/** All that is fixed of a certificate before it is signed. Times are ISO 8601, hashes and serial lower-case hex. */
export interface Reservation {
  readonly requestId: string;
  /** SHA-256 of the whole request: the same id with another request is a conflict. */
  readonly requestSha256: string;
  readonly batchId: string;
  readonly serial: string;
  readonly product: string;
  readonly attempt: number;
  readonly boardId: string;
  /** The station that asks; undefined in a row of an earlier version. */
  readonly stationId?: string;
  readonly spkiSha256: string;
  readonly certificateSerial: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly tbs: Uint8Array;
  readonly reservedAt: string;
}

/** A row of the ledger: a reservation and its result. */
export interface Issuance extends Reservation {
  readonly state: IssuanceState;
  /** DER, from `issued` on. */
  readonly certificate?: Uint8Array;
  /** Why it is superseded or revoked, and since when; ISO 8601. */
  readonly reason?: string;
  readonly endedAt?: string;
  /** Since when its certificate is on hold; ISO 8601. */
  readonly heldAt?: string;
  /** Under which it was issued, where its unit had passed before. */
  readonly reworkId?: string;
  /** That rework is open: what is neither active nor withdrawn is under way. */
  readonly isInRework?: true;
  /** The request whose certificate ends when this one becomes active. */
  readonly supersedes?: string;
}

/** The end of an attempt at a unit. */
export interface EndedAttempt extends AttemptId {
  /** SHA-256 of the key with which it ended, by the word of an intake, hex. */
  readonly endedKey?: string;
}

/** The end of the rework of a unit. */
export interface EndedRework {
  readonly reworkId: string;
  readonly serial: string;
  /** Its last one. */
  readonly attempt: number;
  /** The board was wiped or the unit scrapped: its active certificate is good for nothing. */
  readonly revokesActive: boolean;
}

/** Some issuances that are signing or issued. */
export interface UnfinishedPage {
  readonly issuances: readonly Issuance[];
  /** Place of the last of them, from which the next page follows; absent on the last page. */
  readonly next?: number;
}

/**
 * The durable memory of what was signed. Each method is one transaction, on disk when its promise resolves. All throw
 * LEDGER_UNAVAILABLE when the ledger cannot be written now, LEDGER_CORRUPT when it is damaged.
 */
export interface Issuances {
  find(requestId: string): Promise<Issuance | undefined>;
  /** Those of these requests that have a certificate which is not withdrawn, by request id: issued, or active already. */
  findIssued(requestIds: readonly string[]): Promise<ReadonlyMap<string, Issuance>>;
  /**
   * The issuance of a serial that is signing, issued or active; there is at most one. One that is pending behind an active
   * certificate is not it.
   */
  liveIssuance(serial: string): Promise<Issuance | undefined>;
  /** The same, and behind it the one that is pending. */
  liveIssuances(serial: string): Promise<readonly Issuance[]>;

  /**
   * Reserves under the rules of `planReservation`, and says that a signature may exist from now on; or returns the row
   * that this request id has already. `read`: the order that the signer has read.
   */
  reserve(reservation: Reservation, read?: ReadOrder): Promise<Issuance>;
  /**
   * Says that another signature over a reservation may exist from `at` on; or returns, in another state than `signing`,
   * its result. Throws ISSUANCE_UNKNOWN, and what `planResumption` throws.
   */
  resumeSigning(requestId: string, at: Date, read?: ReadOrder): Promise<Issuance>;
  /**
   * Stores the certificate unless one is stored already; returns the one that is stored. Throws CERTIFICATE_WITHDRAWN
   * when the issuance is over.
   */
  recordIssued(requestId: string, certificate: Uint8Array): Promise<Uint8Array>;
  /** At most `limit` issuances of a batch that are signing or issued, after the place `after`: 0 for the first page. */
  unfinishedOf(batchId: string, after: number, limit: number): Promise<UnfinishedPage>;
  /**
   * Boards are known to carry these; what they take the place of ends in the same moment. Idempotent. Returns the ids of
   * those that are unknown, not issued, or withdrawn.
   */
  activate(requestIds: readonly string[]): Promise<string[]>;
  /** A person, `by`, withdraws an issuance; idempotent. Undefined when the request id is unknown. */
  revoke(requestId: string, reason: RevocationReason, by: string): Promise<Issuance | undefined>;
  /**
   * A unit ended without a pass: what is signing of its serial is withdrawn, also what is issued for `endedKey`, and a request of this or an earlier
   * attempt that arrives later is refused. No attempt that is still to come is withdrawn, whatever `attempt` says, and no
   * certificate of a later one. Idempotent; a serial that was never released has nothing to withdraw. Throws
   * WITHDRAWAL_REFUSED for an active certificate, for a serial of another batch, and for what is no attempt.
   */
  withdrawUnit(unit: EndedAttempt): Promise<void>;
  /**
   * The rework of a unit ended. What was issued under it and is not active is withdrawn, and nothing of this or an earlier
   * attempt is signed any more. An active certificate stays, unless `revokesActive`. Idempotent; a rework that is not open
   * has nothing to end.
   */
  endRework(rework: EndedRework): Promise<void>;
}
