import type { ReworkKind } from '../../provisioning/rework.ts';
import type { ReadOrder } from '../orders/order-policy.ts';

/** What may happen to a unit that passed, and the order that it counts against. */
export interface ReleasedRework {
  readonly reworkId: string;
  readonly kind: ReworkKind;
  readonly order: string;
  /** A certificate was issued under it: a further one needs another reissue. */
  readonly isUsed: boolean;
}

/** Units that passed and are changed. Time in ISO 8601. */
export interface ReworkRelease {
  readonly reworkId: string;
  readonly kind: ReworkKind;
  /** Absent: the order of each unit's batch. */
  readonly order?: string;
  /** When a person asked for it; see `mustBeFresh`. */
  readonly askedAt?: string;
  readonly releasedAt: string;
  readonly units: readonly { readonly serial: string }[];
  /** The orders that the signer has read, by number; absent where none was read. */
  readonly read?: ReadonlyMap<string, ReadOrder>;
}

/** Where the reworks are recorded that may be done. */
export interface Reworks {
  /**
   * One transaction: all or none; idempotent. Each unit uses a reissue of its order, since a certificate ends that may have
   * shipped. Throws NOT_RELEASED for a unit without an active certificate, RELEASE_CONFLICT when another rework of a unit is
   * open, ORDER_UNKNOWN, ORDER_CLOSED, ORDER_NOT_OPEN, ORDER_EXPIRED, ORDER_MISMATCH for a product or manifest that the order
   * does not name, QUOTA_EXCEEDED when an order has fewer reissues left than there are units.
   */
  releaseRework(release: ReworkRelease): Promise<void>;
}
