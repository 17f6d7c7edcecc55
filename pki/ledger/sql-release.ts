import { foldSerial, isSerial } from '../../provisioning/serial-number.ts';
import type { BatchRelease, ReleasedUnit, UnitRelease } from '../signing/releases.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { checkManifest, checkProducts, openOrderAt } from '../orders/order-policy.ts';
import { PkiError } from '../pki-error.ts';
import { countOrder, selectOrder, selectOrderOfBatch } from './sql-order.ts';

/** Inserts the batch; false when it is there already with the same figures. */
export async function insertBatch(transaction: SqlTransaction, release: BatchRelease): Promise<boolean> {
  const { batchId, order, quota, releasedAt } = release;
  if (!Number.isSafeInteger(quota) || quota < 1) {
    throw conflict(`The batch ${batchId} has a quota that is not a positive number`, 'quota');
  }
  const standing = openOrderAt(await selectOrder(transaction, order), { batchId, at: releasedAt });
  const known = await transaction.get('SELECT order_id, quota FROM batch WHERE batch_id = ?', batchId);
  if (known === undefined) {
    checkManifest(standing, release);
    const sql = 'INSERT INTO batch (batch_id, order_id, quota, reissue_quota) VALUES (?, ?, ?, ?)';
    await transaction.run(sql, batchId, order, quota, standing.reissues);
    await countOrder(transaction, order, 'released', quota);
    return true;
  }
  if (known['order_id'] !== order || known['quota'] !== quota)
    throw conflict(`The batch ${batchId} is released already, with another order or quota`, 'batch');
  return false;
}

/** Inserts the serials that are not there yet and returns them. */
export async function insertSerials(
  transaction: SqlTransaction,
  { batchId, units }: { readonly batchId: string; readonly units: readonly UnitRelease[] },
): Promise<UnitRelease[]> {
  const batch = await transaction.get('SELECT quota, released FROM batch WHERE batch_id = ?', batchId);
  if (batch === undefined) throw conflict(`The batch ${batchId} is not released yet`, 'batch');
  const order = await selectOrderOfBatch(transaction, batchId);
  if (order !== undefined) checkProducts(order, units);
  const added: UnitRelease[] = [];
  for (const unit of units) if (await insertUnit(transaction, batchId, unit)) added.push(unit);
  if (Number(batch['released']) + added.length > Number(batch['quota'])) {
    const message = `The batch ${batchId} has more serials than its quota of ${String(batch['quota'])}: have more released.`;
    throw new PkiError('QUOTA_EXCEEDED', message, { reason: 'serials' });
  }
  await transaction.run('UPDATE batch SET released = released + ? WHERE batch_id = ?', added.length, batchId);
  return added;
}

/** The release of a serial, however its letters are written. */
export async function selectReleasedUnit(
  transaction: SqlTransaction,
  serial: string,
): Promise<ReleasedUnit | undefined> {
  const row = await transaction.get(
    'SELECT * FROM released_serial WHERE serial_folded = ?',
    foldSerial(serial),
  );
  return row === undefined ? undefined : releasedUnitOf(row);
}

/** The release in a row of `released_serial`. */
export function releasedUnitOf(row: SqlRow): ReleasedUnit {
  const boardId = row['board_id'];
  return {
    serial: String(row['serial']),
    product: String(row['product']),
    batchId: String(row['batch_id']),
    withdrawnAttempt: Number(row['withdrawn_attempt']),
    ...(typeof boardId === 'string' ? { boardId } : {}),
  };
}

/** Attempts up to this one are not signed any more. */
export async function updateWithdrawn(
  transaction: SqlTransaction,
  serial: string,
  attempt: number,
): Promise<void> {
  const sql = 'UPDATE released_serial SET withdrawn_attempt = ? WHERE serial_folded = ?';
  await transaction.run(sql, attempt, foldSerial(serial));
}

async function insertUnit(
  transaction: SqlTransaction,
  batchId: string,
  { serial, product, boardId }: UnitRelease,
): Promise<boolean> {
  if (!isSerial(serial)) throw conflict(`The batch ${batchId} has a serial that is none`, 'serial-invalid');
  const known = await selectReleasedUnit(transaction, serial);
  if (known === undefined) {
    const sql =
      'INSERT INTO released_serial (serial_folded, serial, batch_id, product, board_id) VALUES (?, ?, ?, ?, ?)';
    await transaction.run(sql, foldSerial(serial), serial, batchId, product, boardId ?? null);
    return true;
  }
  if (known.batchId !== batchId)
    throw conflict(`The serial ${serial} is released to ${known.batchId}`, 'serial');
  const same = known.serial === serial && known.product === product && known.boardId === boardId;
  if (!same) throw conflict(`The serial ${serial} is released already, as another product or board`, 'unit');
  return false;
}

function conflict(what: string, reason: string): PkiError {
  return new PkiError('RELEASE_CONFLICT', `${what}: what is released is never changed.`, { reason });
}
