import type { ReworkKind } from '../../provisioning/rework.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import { text } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { checkManifest, checkProducts, checkReissues, openOrderAt } from '../orders/order-policy.ts';
import { PkiError } from '../pki-error.ts';
import type { ReleasedUnit } from '../signing/releases.ts';
import { mustBeFresh } from '../signing/rework-age.ts';
import type { ReleasedRework, ReworkRelease, Reworks } from '../signing/reworks.ts';
import type { LedgerAuditLog } from './audit-log.ts';
import { liveIssuancesOf } from './issuance-rows.ts';
import type { SqlDatabase } from '../../sql/sql-database.ts';
import { countOrder, orderOf, orderOfBatch, releasedUnit } from './orders.ts';

/** The reworks that may be issued, and those that were. */
export class LedgerReworks implements Reworks {
  readonly #database: SqlDatabase;
  readonly #audit: LedgerAuditLog;

  constructor(database: SqlDatabase, audit: LedgerAuditLog) {
    this.#database = database;
    this.#audit = audit;
  }

  releaseRework(release: ReworkRelease): Promise<void> {
    return this.#database.write(async (transaction) => {
      const { reworkId, kind } = release;
      const added = await unitsToAdd(transaction, release);
      if (added.length > 0) mustBeFresh(release, new Date(release.releasedAt));
      const byOrder = Map.groupBy(added, ({ order }) => order);
      for (const [order, units] of byOrder) {
        await checkOrder(transaction, { order, release, units });
        await countOrder(transaction, order, 'reissued', units.length);
        for (const { serial } of units) await insertRework(transaction, { ...release, order, serial });
        const serials = JSON.stringify(units.map(({ serial }) => serial));
        const event = { reworkId, kind, order, count: units.length, serials };
        await this.#audit.append(transaction, 'rework-released', event);
      }
    });
  }
}

/** The rework under which certificates are issued for this serial (folded) now. */
export async function openReworkOf(
  transaction: SqlTransaction,
  folded: string,
): Promise<ReleasedRework | undefined> {
  const sql = 'SELECT * FROM rework WHERE serial_folded = ? AND ended_at IS NULL';
  const row = await transaction.get(sql, folded);
  return (
    row && {
      reworkId: text(row, 'rework_id'),
      kind: text(row, 'kind') as ReworkKind,
      order: text(row, 'order_id'),
      isUsed: row['is_used'] === 1,
    }
  );
}

/** A unit of a rework. */
interface ReworkOfSerial {
  readonly reworkId: string;
  readonly serial: string;
}

/** A certificate is issued under it. */
export async function useRework(transaction: SqlTransaction, rework: ReworkOfSerial): Promise<void> {
  const sql = 'UPDATE rework SET is_used = 1 WHERE rework_id = ? AND serial_folded = ?';
  await transaction.run(sql, rework.reworkId, foldSerial(rework.serial));
}

/** Nothing is issued under it any more. */
export async function closeRework(transaction: SqlTransaction, rework: ReworkOfSerial): Promise<void> {
  const sql = 'UPDATE rework SET ended_at = ? WHERE rework_id = ? AND serial_folded = ?';
  await transaction.run(sql, new Date().toISOString(), rework.reworkId, foldSerial(rework.serial));
}

interface AddedUnit extends ReleasedUnit {
  readonly order: string;
}

/** The units that are not there yet, each with the order that it counts against. */
async function unitsToAdd(
  transaction: SqlTransaction,
  { reworkId, order, units }: ReworkRelease,
): Promise<AddedUnit[]> {
  const added: AddedUnit[] = [];
  for (const { serial } of units) {
    const sql = 'SELECT rework_id FROM rework WHERE rework_id = ? AND serial_folded = ?';
    if ((await transaction.get(sql, reworkId, foldSerial(serial))) !== undefined) continue;
    const unit = await reworkableUnit(transaction, serial);
    added.push({ ...unit, order: order ?? (await orderOfUnit(transaction, unit)) });
  }
  return added;
}

async function reworkableUnit(transaction: SqlTransaction, serial: string): Promise<ReleasedUnit> {
  const unit = await releasedUnit(transaction, serial);
  const [live] = unit === undefined ? [] : await liveIssuancesOf(transaction, serial);
  if (unit === undefined || live?.state !== 'active') {
    const message = `The signer reworks nothing of ${serial.slice(0, 64)}: it has no active certificate.`;
    throw new PkiError('NOT_RELEASED', message, { reason: 'rework' });
  }
  const open = await openReworkOf(transaction, foldSerial(serial));
  if (open === undefined) return unit;
  const message = `The unit ${serial} is in the rework ${open.reworkId}: wait for its end.`;
  throw new PkiError('RELEASE_CONFLICT', message, { reason: 'rework' });
}

async function orderOfUnit(transaction: SqlTransaction, { batchId }: ReleasedUnit): Promise<string> {
  const order = await orderOfBatch(transaction, batchId);
  if (order !== undefined) return order.order;
  const message = `The signer has no order for the batch ${batchId}: put the signed order into its folder of orders.`;
  throw new PkiError('ORDER_UNKNOWN', message);
}

async function checkOrder(
  transaction: SqlTransaction,
  asked: {
    readonly order: string;
    readonly release: ReworkRelease;
    readonly units: readonly AddedUnit[];
  },
): Promise<void> {
  const { order, release, units } = asked;
  const read = release.read?.get(order);
  if (release.read !== undefined && read === undefined) {
    const message = `The units of the rework ${release.reworkId} are of the order ${order}, and the request names another: find out who sent it.`;
    throw new PkiError('ORDER_MISMATCH', message, { reason: 'order' });
  }
  const where = { batchId: release.reworkId, at: release.releasedAt, read };
  const standing = openOrderAt(await orderOf(transaction, order), where);
  checkProducts(standing, units);
  for (const batchId of new Set(units.map((unit) => unit.batchId))) {
    const sql = 'SELECT manifest_sha256 FROM batch WHERE batch_id = ?';
    const manifest = (await transaction.get(sql, batchId))?.['manifest_sha256'];
    if (typeof manifest === 'string') checkManifest(standing, { manifestSha256: manifest });
  }
  checkReissues(standing, units.length);
}

async function insertRework(
  transaction: SqlTransaction,
  rework: Required<Pick<ReworkRelease, 'reworkId' | 'kind' | 'order' | 'releasedAt'>> & {
    readonly serial: string;
  },
): Promise<void> {
  const { reworkId, serial, kind, order, releasedAt } = rework;
  const sql =
    'INSERT INTO rework (rework_id, serial_folded, kind, order_id, released_at) VALUES (?, ?, ?, ?, ?)';
  await transaction.run(sql, reworkId, foldSerial(serial), kind, order, releasedAt);
}
