import type { OrderStanding } from '../orders/order-standing.ts';
import type { RevocationReason } from '../x509/revocation-reason.ts';
import type { OrderBook } from '../orders/order-desk.ts';

/**
 * What an issuance can be. signing: its content is fixed, and a signature may exist. issued: the certificate is stored.
 * active: a board is known to carry it. superseded: another attempt took its place. revoked: a person or the line
 * withdrew it.
 */
const ISSUANCE_STATES = ['signing', 'issued', 'active', 'superseded', 'revoked'] as const;

export type IssuanceState = (typeof ISSUANCE_STATES)[number];

/** States in which a serial or a board is taken: at most one issuance each. */
export const LIVE_STATES: ReadonlySet<IssuanceState> = new Set(['signing', 'issued', 'active']);

/** A manifest that is to be issued under an order: `quota` serials of it. Digest in lower-case hex, time in ISO 8601. */
export interface BatchRelease {
  readonly batchId: string;
  readonly order: string;
  readonly quota: number;
  readonly manifestSha256: string;
  readonly releasedAt: string;
}

/** enrolled: its requests count. stopped: they do not until a person releases it. revoked: they never do again. */
export type StationState = 'enrolled' | 'stopped' | 'revoked';

/** A station as the signer knows it. */
export interface EnrolledStation {
  readonly stationId: string;
  /** Its public key: the text form of a verifier. */
  readonly verifier: string;
  /** Certificates that it may ask for. */
  readonly perMinute: number;
  readonly enrolledAt: string;
  readonly state: StationState;
  /** Why it is stopped or revoked. */
  readonly reason?: string;
}

/** What was refused, and why; each member is cut at 200 characters, since it may be anything. */
export type Refusal = Readonly<Record<'request' | 'code', string>> & Readonly<Record<string, string>>;

/** A serial that may be issued. With `boardId` only to the board of this hardware id. */
export interface UnitRelease {
  readonly serial: string;
  readonly product: string;
  readonly boardId?: string;
}

export interface ReleasedUnit extends UnitRelease {
  readonly batchId: string;
  /** Neither this attempt nor an earlier one is signed any more; 0 when none was withdrawn. */
  readonly withdrawnAttempt: number;
}

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
  readonly spkiSha256: string;
  readonly certificateSerial: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly tbs: Uint8Array;
  readonly reservedAt: string;
}

/** A row of the ledger: a reservation and what became of it. */
export interface Issuance extends Reservation {
  readonly state: IssuanceState;
  /** DER, from `issued` on. */
  readonly certificate?: Uint8Array;
  /** Why it is superseded or revoked, and since when; ISO 8601. */
  readonly reason?: string;
  readonly endedAt?: string;
  /** Since when its certificate is on hold; ISO 8601. */
  readonly heldAt?: string;
}

/**
 * The durable memory of a signer. Each method is one transaction, on disk when its promise resolves. All throw
 * LEDGER_UNAVAILABLE when the ledger cannot be written now, LEDGER_CORRUPT when it is damaged.
 */
export interface IssuanceLedger extends OrderBook {
  /** Ends an order, for good: nothing is released or signed under it any more; idempotent. Throws ORDER_UNKNOWN. */
  closeOrder(order: string): Promise<void>;
  orderStanding(order: string): Promise<OrderStanding | undefined>;

  /**
   * Idempotent. Throws ORDER_UNKNOWN, ORDER_CLOSED, ORDER_NOT_OPEN, ORDER_EXPIRED, ORDER_MISMATCH for another manifest,
   * QUOTA_EXCEEDED when the order's batches would together have more serials than its quantity, RELEASE_CONFLICT when
   * the batch is known with other figures.
   */
  releaseBatch(release: BatchRelease): Promise<void>;
  /**
   * All or none; idempotent. Throws RELEASE_CONFLICT when a serial is released to another batch, product or board, or
   * the batch is unknown; ORDER_MISMATCH for a product that the order does not name; QUOTA_EXCEEDED beyond the batch's
   * quota.
   */
  releaseSerials(release: {
    readonly batchId: string;
    readonly units: readonly UnitRelease[];
  }): Promise<void>;

  find(requestId: string): Promise<Issuance | undefined>;
  /** The issuance of a serial that is signing, issued or active; there is at most one. */
  liveIssuance(serial: string): Promise<Issuance | undefined>;

  /**
   * Reserves under the rules of `planReservation`, and says that a signature may exist from now on; or returns the row
   * that this request id has already.
   */
  reserve(reservation: Reservation): Promise<Issuance>;
  /**
   * Says that another signature over a reservation may exist from now on; or returns, in another state than `signing`,
   * what became of it meanwhile. Throws ISSUANCE_UNKNOWN.
   */
  resumeSigning(requestId: string): Promise<Issuance>;
  /**
   * Stores the certificate unless one is stored already; returns the one that is stored. Throws CERTIFICATE_WITHDRAWN
   * when the issuance is over.
   */
  recordIssued(requestId: string, certificate: Uint8Array): Promise<Uint8Array>;
  /** Boards are known to carry these. Throws ISSUANCE_UNKNOWN, or CERTIFICATE_WITHDRAWN for one that is not live. */
  activate(requestIds: readonly string[]): Promise<void>;
  /** Withdraws an issuance; idempotent. Undefined when the request id is unknown. */
  revoke(requestId: string, reason: RevocationReason): Promise<Issuance | undefined>;
  /**
   * A unit ended without a pass: what is live of its serial is withdrawn, and a request of this or an earlier attempt
   * that arrives later is refused. Idempotent; a serial that was never released has nothing to withdraw.
   */
  withdrawUnit(serial: string, attempt: number): Promise<void>;

  station(stationId: string): Promise<EnrolledStation | undefined>;
  stations(): Promise<EnrolledStation[]>;
  /** Enrolls a station; one that is known gets this key and rate and may work again, since a person says so. */
  admitStation(station: Pick<EnrolledStation, 'stationId' | 'verifier' | 'perMinute'>): Promise<void>;
  /**
   * Stops, revokes or releases a station. A revoked one stays so. Throws STATION_UNKNOWN, and STATION_REVOKED for a
   * release of a revoked one.
   */
  setStationState(stationId: string, state: StationState, reason: string): Promise<void>;

  /** Writes into the audit log that something was refused. */
  recordRefusal(refusal: Refusal): Promise<void>;

  close(): Promise<void>;
}
