import type { OrderQuestion, OrderReply } from '../../provisioning/order-check.ts';
import { PkiError } from '../pki-error.ts';
import type { PkiCode } from '../pki-error.ts';
import type { AdmittedOrder } from './order-desk.ts';
import { checkBatch, checkListed } from './order-policy.ts';
import type { OrderStanding } from './order-policy.ts';

/** Where the answer to a question about an order comes from. */
export interface OrderFacts {
  /** The order of this number, verified. Throws ORDER_UNKNOWN, ORDER_INVALID, ORDER_MISMATCH. */
  readonly admit: (order: string) => Promise<AdmittedOrder>;
  /** The order as it is now, and what of it is used. */
  readonly standing: (admitted: AdmittedOrder) => Promise<OrderStanding | undefined>;
  /** The order that a batch was released under; undefined for one that is not released. */
  readonly orderOfBatch: (batchId: string) => Promise<string | undefined>;
  /** Digest of the certificate profile of a product; undefined where it is not known here. */
  readonly profileOf: (product: string) => string | undefined;
}

/** What a planner can read of an order; anything else is a fault of the signer. */
const REFUSALS: readonly PkiCode[] = [
  'ORDER_UNKNOWN',
  'ORDER_INVALID',
  'ORDER_NOT_OPEN',
  'ORDER_EXPIRED',
  'ORDER_CLOSED',
  'ORDER_MISMATCH',
  'QUOTA_EXCEEDED',
];

/** Whether the order of a manifest allows it, as a release would decide now; nothing is booked. */
export async function answerOrderQuestion(
  { order, open, units, ...batch }: OrderQuestion,
  facts: OrderFacts,
): Promise<OrderReply> {
  try {
    const admitted = await facts.admit(order);
    checkListed(admitted, units, facts.profileOf);
    let reserved = 0;
    for (const other of open) {
      const isReleased = (await facts.orderOfBatch(other.batchId)) !== undefined;
      if (!isReleased && other.batchId !== batch.batchId) reserved += other.quantity;
    }
    const now = { at: new Date().toISOString(), read: admitted.order };
    checkBatch(await facts.standing(admitted), batch, { ...now, reserved });
    return { status: 'allowed', listed: admitted.serials !== undefined };
  } catch (error) {
    if (!(error instanceof PkiError) || !REFUSALS.includes(error.code)) throw error;
    const { code, reason, message } = error;
    return { status: 'refused', code, message, ...(reason !== undefined && { reason }) };
  }
}
