import type { OrderStanding } from '../orders/order-standing.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { SignedOrder } from '../orders/order.ts';
import { PkiError } from '../pki-error.ts';

export async function selectOrder(
  transaction: SqlTransaction,
  order: string,
): Promise<OrderStanding | undefined> {
  const row = await transaction.get('SELECT * FROM purchase_order WHERE order_id = ?', order);
  return row === undefined ? undefined : standingOf(row);
}

/** The order that a batch was released under. */
export async function selectOrderOfBatch(
  transaction: SqlTransaction,
  batchId: string,
): Promise<OrderStanding | undefined> {
  const sql = 'SELECT o.* FROM purchase_order o JOIN batch b USING (order_id) WHERE b.batch_id = ?';
  const row = await transaction.get(sql, batchId);
  return row === undefined ? undefined : standingOf(row);
}

/** Inserts or replaces the order; false when this very order is there already. Throws ORDER_INVALID. */
export async function upsertOrder(transaction: SqlTransaction, order: SignedOrder): Promise<boolean> {
  const known = await selectOrder(transaction, order.order);
  if (known?.sha256 === order.sha256) return false;
  if (known !== undefined && order.revision <= known.revision) {
    const message = `The order ${order.order} was admitted before with other contents as revision ${known.revision}: give this one a higher revision, or the current one.`;
    throw new PkiError('ORDER_INVALID', message, { reason: 'revision' });
  }
  const { released, reissued } = await usedOf(transaction, order.order);
  if (order.quantity < released || order.reissues < reissued) {
    const message = `The order ${order.order} allows less than is used (${released} units released, ${reissued} reissues): close it instead.`;
    throw new PkiError('ORDER_INVALID', message, { reason: 'below-use' });
  }
  await (known === undefined
    ? insert(transaction, order, { released, reissued })
    : update(transaction, order));
  const sql = 'UPDATE batch SET reissue_quota = ? WHERE order_id = ?';
  await transaction.run(sql, order.reissues, order.order);
  return true;
}

export async function updateOrderClosed(
  transaction: SqlTransaction,
  order: string,
  closedAt: string,
): Promise<void> {
  await transaction.run('UPDATE purchase_order SET closed_at = ? WHERE order_id = ?', closedAt, order);
}

/** Counts against an order; an order that a ledger of an earlier version does not have yet counts when it comes. */
export async function countOrder(
  transaction: SqlTransaction,
  order: string,
  column: 'released' | 'reissued',
  by: number,
): Promise<void> {
  await transaction.run(`UPDATE purchase_order SET ${column} = ${column} + ? WHERE order_id = ?`, by, order);
}

/** Of the batches themselves: there may be some from before the ledger knew orders. */
async function usedOf(
  transaction: SqlTransaction,
  order: string,
): Promise<{ released: number; reissued: number }> {
  const sql = 'SELECT SUM(quota) AS released, SUM(reissued) AS reissued FROM batch WHERE order_id = ?';
  const row = await transaction.get(sql, order);
  return { released: Number(row?.['released'] ?? 0), reissued: Number(row?.['reissued'] ?? 0) };
}

async function insert(
  transaction: SqlTransaction,
  order: SignedOrder,
  { released, reissued }: { readonly released: number; readonly reissued: number },
): Promise<void> {
  const sql = `INSERT INTO purchase_order (revision, sha256, signed_by, products, quantity, reissues, opens, closes,
    manifest_sha256, order_id, released, reissued) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
  await transaction.run(sql, ...termsOf(order), order.order, released, reissued);
}

async function update(transaction: SqlTransaction, order: SignedOrder): Promise<void> {
  const sql = `UPDATE purchase_order SET revision = ?, sha256 = ?, signed_by = ?, products = ?, quantity = ?,
    reissues = ?, opens = ?, closes = ?, manifest_sha256 = ? WHERE order_id = ?`;
  await transaction.run(sql, ...termsOf(order), order.order);
}

function termsOf(order: SignedOrder): (string | number | null)[] {
  const { revision, sha256, signedBy, products, quantity, reissues, opens, closes, manifestSha256 } = order;
  const list = JSON.stringify(products);
  return [revision, sha256, signedBy, list, quantity, reissues, opens, closes, manifestSha256 ?? null];
}

/** The order in a row of `purchase_order`. */
export function standingOf(row: SqlRow): OrderStanding {
  const { manifest_sha256: manifest, closed_at: closedAt } = row;
  return {
    order: String(row['order_id']),
    revision: Number(row['revision']),
    sha256: String(row['sha256']),
    signedBy: String(row['signed_by']),
    products: JSON.parse(String(row['products'])) as string[],
    quantity: Number(row['quantity']),
    reissues: Number(row['reissues']),
    opens: String(row['opens']),
    closes: String(row['closes']),
    released: Number(row['released']),
    reissued: Number(row['reissued']),
    ...(typeof manifest === 'string' ? { manifestSha256: manifest } : {}),
    ...(typeof closedAt === 'string' ? { closedAt } : {}),
  };
}
