import type { ReleasedAttempt } from '../../provisioning/signing.ts';
import type { PermittedTerms, PermitTerms } from '../../provisioning/permit.ts';
import type { OrderStanding, ReadOrder } from '../orders/order-policy.ts';

/**
 * A manifest that may be issued under an order: `quantity` serials of it. Digest in lower-case hex, time in ISO 8601.
 */
export interface BatchRelease {
  readonly batchId: string;
  readonly order: string;
  readonly quantity: number;
  readonly manifestSha256: string;
  readonly releasedAt: string;
  /** Name of the intake that signed the release. */
  readonly intake?: string;
  /** The order that the signer has read; absent where none was read. */
  readonly read?: ReadOrder;
}

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
  /** Nothing is signed for it until a further attempt is released. */
  readonly isEnded: boolean;
  /** The attempt with which it runs again; 0 for a unit that has not ended before. */
  readonly furtherAttempt: number;
  /** The highest attempt that may be made: 1 with the release. */
  readonly permittedAttempt: number;
  /** The highest attempt that the intake asked for; 0 where it never did. */
  readonly askedAttempt: number;
}

/** What is known of the intake's word for an attempt, besides what it says. */
export interface AttemptWord {
  /** It was said within minutes. */
  readonly isFresh: boolean;
  /** When it came to the signer, ISO 8601. */
  readonly at: string;
  /** The order that the signer has read. Throws why it does not allow the unit. Absent where none was read. */
  readonly read?: () => ReadOrder;
}

/** A further attempt at units that have ended. */
export interface AttemptRelease {
  readonly batchId: string;
  /** Names the supplement that they run again in: the same one again changes nothing for a unit that it released. */
  readonly run: string;
  /** ISO 8601. */
  readonly releasedAt: string;
  /** `attempt`: the last that is recorded; 0 where none is. */
  readonly units: readonly (UnitRelease & { readonly attempt: number })[];
  readonly reason?: string;
  readonly by?: string;
}

/** Serials of a batch that were never begun, and are not needed. */
export interface UnitReturn {
  readonly batchId: string;
  readonly serials: readonly string[];
  /** Supplements that the batch has had: a serial that was released for a later one stays. */
  readonly supplements: number;
  readonly reason?: string;
  readonly by?: string;
}

/** Where further attempts are recorded, and units that are given back. Each method is one transaction. */
export interface FurtherAttempts {
  /**
   * Permits a further attempt at a unit. Returns its number: the one that is asked for, or a higher one where that was withdrawn
   * or signed for; and what of earlier attempts it may replace now. Who asks for the same attempt again receives the same number.
   * Throws NOT_RELEASED unless the unit is released just so, RELEASE_CONFLICT where a later attempt was asked for since, UNIT_ENDED
   * for a unit that has ended where the word is not fresh; for a number that was not given before, unless its rework only wipes the
   * board, also what `planAttempt` and `word.read` throw.
   */
  permitAttempt(unit: PermitTerms, word: AttemptWord): Promise<PermittedTerms>;
  /**
   * All or none; idempotent. Revokes what is live of these units and not active, and ends earlier attempts. Throws ORDER_CLOSED, ORDER_NOT_OPEN,
   * ORDER_EXPIRED, ORDER_MISMATCH for a product; QUOTA_EXCEEDED where the order has fewer reissues left than the units need,
   * or no room for units that were given back; RELEASE_CONFLICT when a serial belongs to another batch by now, a unit has run in
   * a later supplement or was given back in this one, or the batch is unknown.
   */
  releaseAttempts(release: AttemptRelease): Promise<ReleasedAttempt[]>;
  /**
   * Gives units back to their order: their serials may be released to another batch. Idempotent. Returns those that stay,
   * because a certificate of them exists or a later supplement needs them. Of a batch that is released only later, they count as
   * given back then.
   */
  returnSerials(units: UnitReturn): Promise<string[]>;
}

/** A unit by the names that a request gives it, which may be anything. */
export interface UnitOfBatch {
  readonly batchId: string;
  readonly serial: unknown;
}

/** Where the batches and serials are recorded that may be issued. Each method is one transaction. */
export interface Releases {
  /**
   * The number of the order that a unit's open rework was released under, or else its batch; undefined for a batch that was
   * never released.
   */
  orderOfUnit(unit: UnitOfBatch): Promise<string | undefined>;
  /** The number of the order that a batch was released under; undefined for a batch that was never released. */
  orderOfBatch(batchId: string): Promise<string | undefined>;
  /** The order, and what of it is used; undefined for one that is not known yet. */
  orderStanding(order: string): Promise<OrderStanding | undefined>;
  /**
   * Idempotent. Throws ORDER_UNKNOWN, ORDER_INVALID for another revision than was read, ORDER_CLOSED, ORDER_NOT_OPEN, ORDER_EXPIRED, ORDER_MISMATCH for another manifest,
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
}
