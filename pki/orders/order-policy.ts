import type { AdmittedOrder } from './order-desk.ts';
import type { SignedOrder } from './order.ts';
import { PkiError } from '../pki-error.ts';

/** An order as the ledger has it, and what of it is used. */
export interface OrderStanding extends SignedOrder {
  /** Serials of the batches that were released under it. */
  readonly released: number;
  /** Certificates beyond the first of a serial. */
  readonly reissued: number;
  readonly closedAt?: string;
}

/** Which revision of an order a signer has read in its folder: what the order lists is only there. */
export type ReadOrder = Pick<SignedOrder, 'revision' | 'sha256'>;

/**
 * The order, if it allows anything at this moment (ISO 8601), and is the one that this signer has read. Throws ORDER_UNKNOWN,
 * ORDER_INVALID for another revision, ORDER_CLOSED, ORDER_NOT_OPEN, ORDER_EXPIRED.
 */
export function openOrderAt(
  order: OrderStanding | undefined,
  where: { readonly batchId: string; readonly at: string; readonly read?: ReadOrder | undefined },
): OrderStanding {
  const { batchId, at, read } = where;
  if (order === undefined) {
    const message = `The signer has no order for the batch ${batchId}: put the signed order into its folder of orders.`;
    throw new PkiError('ORDER_UNKNOWN', message);
  }
  const { order: id, closedAt, opens, closes } = order;
  if (closedAt !== undefined)
    throw new PkiError('ORDER_CLOSED', `The order ${id} was closed at ${closedAt}: sign a new order.`);
  if (read !== undefined && read.sha256 !== order.sha256)
    throw outdatedOrder(id, read.revision, order.revision);
  if (Date.parse(at) < Date.parse(opens))
    throw new PkiError(
      'ORDER_NOT_OPEN',
      `The order ${id} is valid from ${opens}, and it is ${at}: wait until then, or sign a later revision of it.`,
    );
  if (Date.parse(at) >= Date.parse(closes))
    throw new PkiError('ORDER_EXPIRED', `The order ${id} expired at ${closes}: sign a later revision of it.`);
  return order;
}

/**
 * Whether the order allows a batch that is not released yet. `reserved`: units of other batches that are not released
 * yet either. Throws what the release of the batch would throw: ORDER_UNKNOWN, ORDER_INVALID, ORDER_CLOSED, ORDER_NOT_OPEN,
 * ORDER_EXPIRED, ORDER_MISMATCH, QUOTA_EXCEEDED.
 */
export function checkBatch(
  order: OrderStanding | undefined,
  batch: {
    readonly batchId: string;
    readonly manifestSha256: string;
    readonly quantity: number;
    readonly products: readonly string[];
  },
  { reserved, ...when }: { readonly at: string; readonly read: ReadOrder; readonly reserved: number },
): void {
  const { batchId, products } = batch;
  const standing = openOrderAt(order, { batchId, ...when });
  checkManifest(standing, batch);
  checkProducts(
    standing,
    products.map((product) => ({ product })),
  );
  checkQuantity({ ...standing, released: standing.released + reserved }, batch);
}

/** The error for a file of an order of which a signer of this ledger has accepted a later revision. */
export function outdatedOrder(order: string, read: number, accepted: number): PkiError {
  const message = `This signer has revision ${read} of the order ${order}, and revision ${accepted} was accepted: copy the newest file of the order into its folder of orders.`;
  return new PkiError('ORDER_INVALID', message, { reason: 'revision' });
}

/** Throws ORDER_MISMATCH when the order is for another manifest than that of a batch. */
export function checkManifest(
  { order, manifestSha256 }: Pick<OrderStanding, 'order' | 'manifestSha256'>,
  batch: { readonly manifestSha256: string },
): void {
  if (manifestSha256 === undefined || manifestSha256 === batch.manifestSha256) return;
  const message = `The order ${order} is for the manifest ${manifestSha256}, not for ${batch.manifestSha256.slice(0, 64)}: submit the manifest of the order, or sign a new order.`;
  throw new PkiError('ORDER_MISMATCH', message, { reason: 'manifest' });
}

/** Throws QUOTA_EXCEEDED when the order has fewer than `quantity` units left. */
export function checkQuantity(standing: OrderStanding, release: { readonly quantity: number }): void {
  const { order, quantity, released } = standing;
  if (released + release.quantity <= quantity) return;
  const message = `The order ${order} is for ${quantity} units. ${released} are released, and ${release.quantity} more are needed: sign a revision for more units.`;
  throw new PkiError('QUOTA_EXCEEDED', message, { reason: 'order' });
}

/**
 * Throws ORDER_MISMATCH when the order lists its serials and one of these is not among them, or when it names the
 * profile of one of their products and `profileOf`, its digest here, is another.
 */
export function checkListed(
  { order: { order, profiles }, serials }: AdmittedOrder,
  units: readonly { readonly serial: string; readonly product: string }[],
  profileOf: (product: string) => string | undefined,
): void {
  const strange = serials && units.find(({ serial }) => !serials.has(serial))?.serial;
  if (strange !== undefined) {
    const message = `The order ${order} lists its serials, and ${JSON.stringify(strange).slice(0, 66)} is not one of them: submit the manifest of the order, or sign a revision with this serial.`;
    throw new PkiError('ORDER_MISMATCH', message, { reason: 'serial' });
  }
  if (profiles === undefined) return;
  for (const product of new Set(units.map((unit) => unit.product))) {
    if (!Object.hasOwn(profiles, product) || profiles[product] === profileOf(product)) continue;
    const message = `The order ${order} is for another certificate profile of ${product} than this signer has: correct the configuration of the signer, or sign a revision for its profile.`;
    throw new PkiError('ORDER_MISMATCH', message, { reason: 'profile' });
  }
}

/** Throws QUOTA_EXCEEDED when the order has fewer reissues left than `needed`. */
export function checkReissues({ order, reissues, reissued }: OrderStanding, needed: number): void {
  if (reissued + needed <= reissues) return;
  const more = reissued + needed;
  const message = `The order ${order} allows ${reissues} reissues. ${reissued} are used, and ${needed} more are needed: have the OEM sign a revision of it with --reissues ${more} or more, or name another order with --order.`;
  throw new PkiError('QUOTA_EXCEEDED', message, { reason: 'rework' });
}

/** Throws ORDER_MISMATCH when the order does not name one of these products. */
export function checkProducts(
  { order, products }: Pick<OrderStanding, 'order' | 'products'>,
  units: readonly { readonly product: string }[],
): void {
  const strange = units.find(({ product }) => !products.includes(product))?.product;
  if (strange === undefined) return;
  const message = `The order ${order} is for ${products.join(', ')}, not for ${strange.slice(0, 40)}: submit the manifest of the order, or sign a revision with this product.`;
  throw new PkiError('ORDER_MISMATCH', message, { reason: 'product' });
}
