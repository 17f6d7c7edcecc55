import { foldSerial, isSerial } from '../../provisioning/serial-number.ts';
import { integer, present, text } from '../../sql/row.ts';
import type { SqlRow, SqlValue } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { OrderBook } from '../orders/order-desk.ts';
import {
  checkManifest,
  checkProducts,
  checkQuantity,
  openOrderAt,
  outdatedOrder,
} from '../orders/order-policy.ts';
import type { OrderStanding } from '../orders/order-policy.ts';
import { textSha256 } from '../orders/order.ts';
import type { SignedOrder } from '../orders/order.ts';
import { PkiError } from '../pki-error.ts';
import type { BatchRelease, ReleasedUnit, Releases, UnitOfBatch, UnitRelease } from '../signing/releases.ts';
import { sha256Hex } from '../x509/p256.ts';
import type { LedgerAuditLog } from './audit-log.ts';
import type { SqlDatabase } from '../../sql/sql-database.ts';
import { altered } from './ledger-errors.ts';

/** A batch as the ledger has it. */
export interface ReleasedBatch {
  readonly batchId: string;
  readonly order: string;
  /** Undefined for a batch that an earlier version released. */
  readonly manifestSha256?: string;
  /** Units that it was released for. */
  readonly quota: number;
  /** Units of those that were given back to the order. */
  readonly returned: number;
  /** Serials that may get a certificate, and those that have got one. */
  readonly serials: number;
  readonly reserved: number;
  readonly reissued: number;
  /** When a person took back what was left of it; ISO 8601. */
  readonly withdrawnAt?: string;
}

/** Why somebody decided something at the signer, and who. */
export interface BatchDecision {
  readonly reason: string;
  readonly by: string;
}

const WITHOUT_ISSUANCE = `NOT EXISTS (SELECT 1 FROM issuance i
  WHERE i.serial_folded = released_serial.serial_folded AND i.batch_id = released_serial.batch_id)`;

/** Serials that one entry of the audit log names: it must not grow with a batch. */
const NAMED_AT_ONCE = 1_000;

/** Serials to which something happened besides their release: the audit log says what. */
export const BEGUN = `(withdrawn_attempt <> 0 OR ended <> 0 OR further_attempt <> 0 OR further_run IS NOT NULL
  OR permitted_attempt <> 1 OR asked_attempt <> 0)`;

/** What the OEM ordered, and what was released under it. */
export class LedgerOrders implements OrderBook, Releases {
  readonly #database: SqlDatabase;
  readonly #audit: LedgerAuditLog;

  constructor(database: SqlDatabase, audit: LedgerAuditLog) {
    this.#database = database;
    this.#audit = audit;
  }

  /** The number of the order that a batch was released under; undefined for a batch that was never released. */
  orderOfUnit({ batchId, serial }: UnitOfBatch): Promise<string | undefined> {
    return this.#database.read(async (transaction) => {
      const sql = `SELECT coalesce(
          (SELECT order_id FROM rework WHERE serial_folded = ? AND ended_at IS NULL),
          (SELECT order_id FROM batch WHERE batch_id = ?)) AS order_id`;
      const order = (
        await transaction.get(sql, typeof serial === 'string' ? foldSerial(serial) : '', batchId)
      )?.['order_id'];
      return typeof order === 'string' ? order : undefined;
    });
  }

  /** The number of the order that a batch was released under; undefined for a batch that was never released. */
  orderOfBatch(batchId: string): Promise<string | undefined> {
    return this.#database.read(async (transaction) => (await orderOfBatch(transaction, batchId))?.order);
  }

  orderStanding(order: string): Promise<OrderStanding | undefined> {
    return this.#database.read((transaction) => orderOf(transaction, order));
  }

  /** Orders that allow something at this moment or later, those that close first, at most `limit`. */
  openOrders(at: Date, limit: number): Promise<OrderStanding[]> {
    return this.#database.read(async (transaction) => {
      const sql = `SELECT * FROM purchase_order WHERE closed_at IS NULL AND closes > ?
        ORDER BY closes, order_id LIMIT ?`;
      return (await transaction.all(sql, at.toISOString(), limit)).map(standingIn);
    });
  }

  admitOrder(order: SignedOrder): Promise<void> {
    return this.#database.write(async (transaction) => {
      if (!(await upsertOrder(transaction, order))) return;
      await this.#audit.append(transaction, 'order-admitted', admissionOf(order));
    });
  }

  /** Ends an order permanently: nothing is released or signed under it any more; idempotent. Throws ORDER_UNKNOWN. */
  closeOrder(order: string): Promise<void> {
    return this.#database.write(async (transaction) => {
      const standing = await orderOf(transaction, order);
      if (standing === undefined) {
        const message = `The ledger has no order ${order}: check its number.`;
        throw new PkiError('ORDER_UNKNOWN', message);
      }
      if (standing.closedAt !== undefined) return;
      const sql = 'UPDATE purchase_order SET closed_at = ? WHERE order_id = ?';
      await transaction.run(sql, new Date().toISOString(), order);
      await this.#audit.append(transaction, 'order-closed', { order });
    });
  }

  releaseBatch(release: BatchRelease): Promise<void> {
    return this.#database.write(async (transaction) => {
      const inserted = await insertBatch(transaction, release);
      if (inserted === undefined) return;
      const { returned } = inserted;
      const { batchId, order, quantity, manifestSha256, intake } = release;
      const by = intake === undefined ? {} : { intake };
      const before = returned > 0 ? { returned } : {};
      const event = { batchId, order, quota: quantity, manifestSha256, ...by, ...before };
      await this.#audit.append(transaction, 'batch-released', event);
    });
  }

  /** The batches that were released under an order, by their ids. */
  batchesOf(order: string): Promise<ReleasedBatch[]> {
    return this.#database.read(async (transaction) => {
      const sql = 'SELECT * FROM batch WHERE order_id = ? ORDER BY batch_id';
      return (await transaction.all(sql, order)).map(batchIn);
    });
  }

  /**
   * Takes back what is left of a batch: nothing more is released or signed for it, its serials without a certificate are
   * free again, and its order has their number more left. Idempotent. Undefined for a batch that was never released.
   */
  withdrawBatch(batchId: string, decision: BatchDecision): Promise<ReleasedBatch | undefined> {
    return this.#database.write(async (transaction) => {
      const known = await batchOf(transaction, batchId);
      if (known === undefined || known.withdrawnAt !== undefined) return known;
      const freed = await freeSerials(transaction, this.#audit, batchId);
      const entry = await this.#audit.nextEntry(transaction);
      await transaction.run('UPDATE released_serial SET entry = ? WHERE batch_id = ?', entry, batchId);
      const kept = await releasedIn(transaction, entry);
      const returned = known.quota - known.returned - known.reserved;
      const sql = 'UPDATE batch SET withdrawn_at = ?, returned = ?, released = ? WHERE batch_id = ?';
      const at = new Date().toISOString();
      await transaction.run(sql, at, known.returned + returned, kept.length, batchId);
      await countOrder(transaction, known.order, 'released', -returned);
      const left = { count: kept.length, sha256: releasedSha256(kept) };
      const members = { order: known.order, returned, freed, ...left };
      await this.#audit.append(transaction, 'batch-withdrawn', { batchId, ...members, ...decision });
      return await batchOf(transaction, batchId);
    });
  }

  releaseSerials(release: {
    readonly batchId: string;
    readonly units: readonly UnitRelease[];
  }): Promise<void> {
    return this.#database.write((transaction) => releaseSerials(transaction, this.#audit, release));
  }
}

/** Releases serials, with their entry in the audit log. */
export async function releaseSerials(
  transaction: SqlTransaction,
  audit: LedgerAuditLog,
  release: { readonly batchId: string; readonly units: readonly UnitRelease[] },
): Promise<void> {
  const entry = await audit.nextEntry(transaction);
  const added = await insertSerials(transaction, { ...release, entry });
  if (added.length === 0) return;
  const members = { batchId: release.batchId, count: added.length, sha256: releasedSha256(added) };
  await audit.append(transaction, 'serials-released', members);
}

/**
 * SHA-256 over serials that were released together, whatever their order: a JSON array of `{serial, product, boardId}`
 * in ascending order of the folded serial. Lower-case hex.
 */
export function releasedSha256(units: readonly UnitRelease[]): string {
  const sorted = units
    .map(({ serial, product, boardId }) => ({ serial, product, ...(boardId !== undefined && { boardId }) }))
    .sort((a, b) => (foldSerial(a.serial) < foldSerial(b.serial) ? -1 : 1));
  return sha256Hex(Buffer.from(JSON.stringify(sorted)));
}

/** What the audit log says of an order that is admitted: all of its terms. */
export function admissionOf({ products, profiles, ...order }: SignedOrder): Record<string, string | number> {
  const said = Object.entries(order).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(said),
    products: products.join(),
    ...(profiles !== undefined && { profiles: JSON.stringify(profiles) }),
  };
}

/** The release of a serial, however its letters are written. */
export async function releasedUnit(
  transaction: SqlTransaction,
  serial: string,
): Promise<ReleasedUnit | undefined> {
  const sql = 'SELECT * FROM released_serial WHERE serial_folded = ?';
  const row = await transaction.get(sql, foldSerial(serial));
  return row && releasedUnitIn(row);
}

/** The release in a row of `released_serial`. */
export function releasedUnitIn(row: SqlRow): ReleasedUnit {
  return {
    serial: text(row, 'serial'),
    product: text(row, 'product'),
    batchId: text(row, 'batch_id'),
    withdrawnAttempt: integer(row, 'withdrawn_attempt'),
    isEnded: integer(row, 'ended') === 1,
    furtherAttempt: integer(row, 'further_attempt'),
    permittedAttempt: integer(row, 'permitted_attempt'),
    askedAttempt: integer(row, 'asked_attempt'),
    ...present(row, { boardId: 'board_id' }),
  };
}

async function batchOf(transaction: SqlTransaction, batchId: string): Promise<ReleasedBatch | undefined> {
  const row = await transaction.get('SELECT * FROM batch WHERE batch_id = ?', batchId);
  return row && batchIn(row);
}

function batchIn(row: SqlRow): ReleasedBatch {
  return {
    batchId: text(row, 'batch_id'),
    order: text(row, 'order_id'),
    quota: integer(row, 'quota'),
    returned: integer(row, 'returned'),
    serials: integer(row, 'released'),
    reserved: integer(row, 'reserved'),
    reissued: integer(row, 'reissued'),
    ...present(row, { manifestSha256: 'manifest_sha256', withdrawnAt: 'withdrawn_at' }),
  };
}

/**
 * Takes the serials of a batch that have no certificate off the list. The audit log names those to which something happened
 * besides their release: it is not true of them any more. Returns their number.
 */
async function freeSerials(
  transaction: SqlTransaction,
  audit: LedgerAuditLog,
  batchId: string,
): Promise<number> {
  const of = `released_serial WHERE batch_id = ? AND ${WITHOUT_ISSUANCE}`;
  const sql = `SELECT serial FROM ${of} AND ${BEGUN} ORDER BY serial_folded`;
  const begun = (await transaction.all(sql, batchId)).map((row) => text(row, 'serial'));
  for (let at = 0; at < begun.length; at += NAMED_AT_ONCE) {
    const serials = JSON.stringify(begun.slice(at, at + NAMED_AT_ONCE));
    await audit.append(transaction, 'serials-freed', { batchId, serials });
  }
  await transaction.run(`DELETE FROM ${of}`, batchId);
  return begun.length;
}

/** The serials that an entry of the audit log released. */
async function releasedIn(transaction: SqlTransaction, entry: number): Promise<UnitRelease[]> {
  const rows = await transaction.all('SELECT * FROM released_serial WHERE entry = ?', entry);
  return rows.map(releasedUnitIn);
}

/** The order in a row of `purchase_order`. */
export function standingIn(row: SqlRow): OrderStanding {
  const { profiles } = row;
  return {
    order: text(row, 'order_id'),
    revision: integer(row, 'revision'),
    sha256: text(row, 'sha256'),
    signedBy: text(row, 'signed_by'),
    products: JSON.parse(text(row, 'products')) as string[],
    quantity: integer(row, 'quantity'),
    reissues: integer(row, 'reissues'),
    opens: text(row, 'opens'),
    closes: text(row, 'closes'),
    released: integer(row, 'released'),
    reissued: integer(row, 'reissued'),
    ...present(row, {
      manifestSha256: 'manifest_sha256',
      serialsSha256: 'serials_sha256',
      signer: 'signer',
      closedAt: 'closed_at',
    }),
    ...(profiles !== null && { profiles: JSON.parse(text(row, 'profiles')) as Record<string, string> }),
  };
}

/**
 * Counts against an order. One that a ledger of an earlier version does not have yet is counted when it is admitted.
 */
export async function countOrder(
  transaction: SqlTransaction,
  order: string,
  column: 'released' | 'reissued',
  by: number,
): Promise<void> {
  await transaction.run(`UPDATE purchase_order SET ${column} = ${column} + ? WHERE order_id = ?`, by, order);
}

/** The order of this number; undefined where no signer has admitted it. */
export async function orderOf(
  transaction: SqlTransaction,
  order: string,
): Promise<OrderStanding | undefined> {
  const row = await transaction.get('SELECT * FROM purchase_order WHERE order_id = ?', order);
  return row && standingIn(row);
}

/** The order that a batch was released under. */
export async function orderOfBatch(
  transaction: SqlTransaction,
  batchId: string,
): Promise<OrderStanding | undefined> {
  const sql = 'SELECT o.* FROM purchase_order o JOIN batch b USING (order_id) WHERE b.batch_id = ?';
  const row = await transaction.get(sql, batchId);
  return row && standingIn(row);
}

/** Inserts or replaces the order; false when this very order is there already. Throws ORDER_INVALID. */
async function upsertOrder(transaction: SqlTransaction, order: SignedOrder): Promise<boolean> {
  const known = await orderOf(transaction, order.order);
  if (known?.sha256 === order.sha256) {
    if (textSha256(known) !== order.sha256)
      throw altered(`the order ${order.order} has other terms than were signed`);
    return false;
  }
  if (known !== undefined && order.revision < known.revision)
    throw outdatedOrder(order.order, order.revision, known.revision);
  if (known !== undefined && order.revision === known.revision) {
    const message = `The order ${order.order} was accepted before as revision ${known.revision} with different contents: give this order a higher revision.`;
    throw new PkiError('ORDER_INVALID', message, { reason: 'revision' });
  }
  // Reworks of other orders' units count against an order too, and against no batch of it.
  const { released, reissued } = known ?? (await usedOf(transaction, order.order));
  if (order.quantity < released || order.reissues < reissued) {
    const message = `The order ${order.order} allows less than is used (${released} units released, ${reissued} reissues): close it instead.`;
    throw new PkiError('ORDER_INVALID', message, { reason: 'below-use' });
  }
  const terms = termsOf(order);
  if (known === undefined) {
    const sql = `INSERT INTO purchase_order (revision, sha256, signed_by, products, quantity, reissues, opens, closes,
      manifest_sha256, serials_sha256, profiles, signer, order_id, released, reissued)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
    await transaction.run(sql, ...terms, order.order, released, reissued);
  } else {
    const sql = `UPDATE purchase_order SET revision = ?, sha256 = ?, signed_by = ?, products = ?, quantity = ?,
      reissues = ?, opens = ?, closes = ?, manifest_sha256 = ?, serials_sha256 = ?, profiles = ?, signer = ?
      WHERE order_id = ?`;
    await transaction.run(sql, ...terms, order.order);
  }
  const sql = 'UPDATE batch SET reissue_quota = ? WHERE order_id = ?';
  await transaction.run(sql, order.reissues, order.order);
  return true;
}

/** Of the batches themselves: there may be some from before the ledger knew orders. */
async function usedOf(
  transaction: SqlTransaction,
  order: string,
): Promise<{ readonly released: number; readonly reissued: number }> {
  const sql = `SELECT coalesce(SUM(quota - returned), 0) AS released, coalesce(SUM(reissued), 0) AS reissued
    FROM batch WHERE order_id = ?`;
  const row = (await transaction.get(sql, order))!;
  return { released: integer(row, 'released'), reissued: integer(row, 'reissued') };
}

function termsOf(order: SignedOrder): SqlValue[] {
  const { revision, sha256, signedBy, products, quantity, reissues, opens, closes, manifestSha256 } = order;
  const { serialsSha256, profiles, signer } = order;
  const named = [manifestSha256, serialsSha256, profiles && JSON.stringify(profiles), signer];
  const list = JSON.stringify(products);
  return [revision, sha256, signedBy, list, quantity, reissues, opens, closes, ...named];
}

/**
 * Inserts the batch, without those of its units that were given back before; undefined when it is there already with the same
 * figures.
 */
async function insertBatch(
  transaction: SqlTransaction,
  release: BatchRelease,
): Promise<{ readonly returned: number } | undefined> {
  const { batchId, order, quantity, manifestSha256, releasedAt: at, read } = release;
  if (!Number.isSafeInteger(quantity) || quantity < 1)
    throw conflict(`The quantity of the batch ${batchId} is not a positive whole number.`, 'quota');
  const standing = openOrderAt(await orderOf(transaction, order), { batchId, at, read });
  const known = await transaction.get('SELECT * FROM batch WHERE batch_id = ?', batchId);
  if (known === undefined || (await isVacant(transaction, known, release))) {
    const returned = await returnedOf(transaction, batchId);
    if (returned > quantity)
      throw conflict(
        `The batch ${batchId} has fewer units than it gave back: find out who sent it.`,
        'quota',
      );
    checkQuantity(standing, { quantity: quantity - returned });
    checkManifest(standing, release);
    if (known !== undefined) await transaction.run('DELETE FROM batch WHERE batch_id = ?', batchId);
    const sql = `INSERT INTO batch (batch_id, order_id, quota, returned, reissue_quota, manifest_sha256)
      VALUES (?, ?, ?, ?, ?, ?)`;
    await transaction.run(sql, batchId, order, quantity, returned, standing.reissues, manifestSha256);
    await countOrder(transaction, order, 'released', quantity - returned);
    return { returned };
  }
  if (known['withdrawn_at'] !== null) {
    const message = `The batch ${batchId} was withdrawn at ${text(known, 'withdrawn_at')}: submit its units in a new manifest.`;
    throw conflict(message, 'withdrawn');
  }
  const sameManifest = (known['manifest_sha256'] ?? manifestSha256) === manifestSha256;
  if (known['order_id'] !== order || known['quota'] !== quantity || !sameManifest)
    throw conflict(
      `The batch ${batchId} is released already with another order, quantity or manifest: a release is never changed.`,
      'batch',
    );
  return undefined;
}

/** Units of a batch that are given back and not taken back: also of a batch that ended before it was released. */
async function returnedOf(transaction: SqlTransaction, batchId: string): Promise<number> {
  const sql = 'SELECT count(*) AS n FROM returned_serial WHERE batch_id = ?';
  return integer((await transaction.get(sql, batchId))!, 'n');
}

/**
 * Whether a batch was withdrawn before any certificate, and may be released again under its id, with other figures: ids
 * can be guessed, and a stranger may have released this one first. With the same figures it stays withdrawn, or a task
 * that still waits would release it again. What the intake said of a batch whose units it gave back would be said of this one.
 */
async function isVacant(
  transaction: SqlTransaction,
  known: SqlRow,
  { batchId, order, quantity, manifestSha256 }: BatchRelease,
): Promise<boolean> {
  if (known['withdrawn_at'] === null || known['reserved'] !== 0) return false;
  const isSame =
    known['order_id'] === order && known['quota'] === quantity && known['manifest_sha256'] === manifestSha256;
  if (isSame) return false;
  return (await returnedOf(transaction, batchId)) === 0;
}

/** Inserts the serials that are not there yet and returns them. */
async function insertSerials(
  transaction: SqlTransaction,
  release: { readonly batchId: string; readonly units: readonly UnitRelease[]; readonly entry: number },
): Promise<UnitRelease[]> {
  const { batchId, units, entry } = release;
  const batch = await transaction.get('SELECT * FROM batch WHERE batch_id = ?', batchId);
  if (batch === undefined || batch['withdrawn_at'] !== null)
    throw conflict(`The batch ${batchId} is not released yet: release its quantity first.`, 'batch');
  const order = await orderOfBatch(transaction, batchId);
  if (order !== undefined) checkProducts(order, units);
  if (integer(batch, 'returned') > 0) await refuseReturned(transaction, batchId, units);
  const added: UnitRelease[] = [];
  for (const unit of units) if (await insertUnit(transaction, { batchId, entry }, unit)) added.push(unit);
  const quota = integer(batch, 'quota') - integer(batch, 'returned');
  if (integer(batch, 'released') + added.length > quota) {
    const message = `The batch ${batchId} has more serials than its quota of ${quota}: release a larger quantity.`;
    throw new PkiError('QUOTA_EXCEEDED', message, { reason: 'serials' });
  }
  await transaction.run('UPDATE batch SET released = released + ? WHERE batch_id = ?', added.length, batchId);
  return added;
}

/** Units that were given back run again in a later supplement only, which has taken them back before it releases them. */
async function refuseReturned(
  transaction: SqlTransaction,
  batchId: string,
  units: readonly UnitRelease[],
): Promise<void> {
  const sql = 'SELECT 1 FROM returned_serial WHERE serial_folded = ? AND batch_id = ?';
  for (const { serial } of units) {
    if ((await transaction.get(sql, foldSerial(serial), batchId)) === undefined) continue;
    const message = `The serial ${serial} of batch ${batchId} was given back to its order: run the unit again with "certline unit rerun".`;
    throw conflict(message, 'returned');
  }
}

async function insertUnit(
  transaction: SqlTransaction,
  { batchId, entry }: { readonly batchId: string; readonly entry: number },
  { serial, product, boardId }: UnitRelease,
): Promise<boolean> {
  if (!isSerial(serial))
    throw conflict(
      `The batch ${batchId} has a serial that is not valid: check the host that sent it.`,
      'serial-invalid',
    );
  const known = await releasedUnit(transaction, serial);
  if (known === undefined) {
    const sql = `INSERT INTO released_serial (serial_folded, serial, batch_id, product, board_id, entry)
      VALUES (?, ?, ?, ?, ?, ?)`;
    await transaction.run(sql, foldSerial(serial), serial, batchId, product, boardId, entry);
    return true;
  }
  if (known.batchId !== batchId)
    throw conflict(
      `The serial ${serial} is released already for batch ${known.batchId}: a release is never changed.`,
      'serial',
    );
  const same = known.serial === serial && known.product === product && known.boardId === boardId;
  if (!same)
    throw conflict(
      `The serial ${serial} is released already for another product or board: a release is never changed.`,
      'unit',
    );
  return false;
}

function conflict(message: string, reason: string): PkiError {
  return new PkiError('RELEASE_CONFLICT', message, { reason });
}
