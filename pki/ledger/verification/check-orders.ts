import { integer, text } from '../../../sql/row.ts';
import type { SqlRow } from '../../../sql/row.ts';
import type { SqlTransaction } from '../../../sql/transaction.ts';
import { textSha256 } from '../../orders/order.ts';
import { admissionOf, standingIn } from '../orders.ts';
import type { AuditedBatch, AuditedMembers, AuditedRecords } from './audited-records.ts';

/** Orders by what was signed, and how much of them is used by what was released and announced. */
export async function checkOrders(transaction: SqlTransaction, records: AuditedRecords): Promise<string[]> {
  const rows = await transaction.all('SELECT * FROM purchase_order');
  const known = new Map(rows.map((row) => [text(row, 'order_id'), row]));
  const found = [...known.keys()]
    .filter((id) => !records.orders.has(id))
    .map((id) => `the order ${id} was never admitted`);
  for (const [id, members] of records.orders) {
    const row = known.get(id);
    if (row === undefined) {
      found.push(`the order ${id} is missing`);
      continue;
    }
    const { released, reissued, closedAt, ...order } = standingIn(row);
    const { event: _event, at: _at, after: _after, ...said } = members;
    const isSame =
      JSON.stringify(sorted(admissionOf(order))) === JSON.stringify(sorted(said)) &&
      textSha256(order) === order.sha256 &&
      (closedAt !== undefined) === records.closed.has(id);
    if (!isSame) found.push(`the order ${id} has other terms than were signed`);
    if (!records.isCountable) continue;
    const counts = await countsOf(transaction, id, records);
    const most = counts.reissued + records.reworks.vagueUnder(id);
    if (released !== counts.released || reissued < counts.reissued || reissued > most)
      found.push(
        `the order ${id} has ${released} units released and ${reissued} reissues, but ${counts.released} and ${counts.reissued} by the audit log`,
      );
  }
  return found;
}

/** What of an order is used. Where earlier versions gave units back, only their batch says how many. */
async function countsOf(
  transaction: SqlTransaction,
  order: string,
  { batches, reissued }: AuditedRecords,
): Promise<{ readonly released: number; readonly reissued: number }> {
  const rows = await transaction.all('SELECT batch_id, returned FROM batch WHERE order_id = ?', order);
  const returned = new Map(rows.map((row) => [text(row, 'batch_id'), integer(row, 'returned')]));
  const own = [...batches].filter(([, batch]) => batch.order === order);
  const share = ([id, batch]: [string, AuditedBatch]): number =>
    batch.quota - (batch.isCounted ? batch.returned : (returned.get(id) ?? 0));
  return {
    released: own.reduce((sum, each) => sum + share(each), 0),
    reissued: reissued.get(order) ?? 0,
  };
}

/** Batches, and how many serials and certificates they have. */
export async function checkBatches(transaction: SqlTransaction, records: AuditedRecords): Promise<string[]> {
  const rows = await transaction.all(
    `SELECT b.*, coalesce(r.n, 0) AS serials, coalesce(i.n, 0) AS issuances FROM batch b
       LEFT JOIN (SELECT batch_id, count(*) AS n FROM released_serial GROUP BY batch_id) r USING (batch_id)
       LEFT JOIN (SELECT batch_id, count(*) AS n FROM issuance GROUP BY batch_id) i USING (batch_id)`,
  );
  const known = new Map(rows.map((row) => [text(row, 'batch_id'), row]));
  const found = [...known.keys()]
    .filter((id) => !records.batches.has(id))
    .map((id) => `the batch ${id} was never released`);
  for (const [id, batch] of records.batches) {
    const row = known.get(id);
    if (row === undefined) found.push(`the batch ${id} is missing`);
    else if (!isSameBatch(row, batch)) found.push(`the batch ${id} was released otherwise`);
    else if (records.isCountable && !hasSameCounts(row, batch))
      found.push(`the batch ${id} has another number of serials or certificates than by the audit log`);
  }
  return found;
}

function isSameBatch(row: SqlRow, batch: AuditedBatch): boolean {
  return (
    row['order_id'] === batch.order &&
    row['quota'] === batch.quota &&
    (row['manifest_sha256'] ?? undefined) === batch.manifestSha256 &&
    (row['withdrawn_at'] !== null) === batch.isWithdrawn
  );
}

function hasSameCounts(row: SqlRow, batch: AuditedBatch): boolean {
  const { first, reissues, issuances, serials, returned } = batch;
  const hasSerials =
    integer(row, 'released') === serials &&
    integer(row, 'serials') === serials &&
    integer(row, 'returned') === returned;
  return (
    integer(row, 'reserved') === first &&
    integer(row, 'reissued') === reissues &&
    integer(row, 'issuances') === issuances &&
    (hasSerials || !batch.isCounted) &&
    integer(row, 'quota') - integer(row, 'returned') >= first
  );
}

function sorted(members: AuditedMembers): [string, string | number][] {
  return Object.entries(members).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
