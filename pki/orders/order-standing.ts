import type { SignedOrder } from './order.ts';

/** An order as the ledger has it, and what of it is used. */
export interface OrderStanding extends SignedOrder {
  /** Serials of the batches that were released under it. */
  readonly released: number;
  /** Certificates beyond the first of a serial. */
  readonly reissued: number;
  readonly closedAt?: string;
}
