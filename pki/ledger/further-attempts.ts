import { saidIn } from '../../provisioning/decision.ts';
import type { PermittedTerms, PermitTerms } from '../../provisioning/permit.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import type { ReleasedAttempt } from '../../provisioning/signing.ts';
import { supplementOf } from '../../provisioning/workflow-ids.ts';
import { integer, present } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { openOrderAt } from '../orders/order-policy.ts';
import type { OrderStanding } from '../orders/order-policy.ts';
import { PkiError } from '../pki-error.ts';
import type {
  AttemptRelease,
  AttemptWord,
  FurtherAttempts,
  UnitRelease,
  UnitReturn,
} from '../signing/releases.ts';
import type { LedgerAuditLog } from './audit-log.ts';
import { endIssuance, NOT_PASSED } from './issuance-end.ts';
import { liveIssuanceOf } from './issuance-rows.ts';
import { permitAttempt } from './permit-attempt.ts';
import type { SqlDatabase } from '../../sql/sql-database.ts';
import { countOrder, orderOfBatch, releasedSha256, releasedUnitIn, releaseSerials } from './orders.ts';

/** Further attempts at units, also at those that have ended, and units that are given back: all change what an order allows. */
export class LedgerFurtherAttempts implements FurtherAttempts {
  readonly #database: SqlDatabase;
  readonly #audit: LedgerAuditLog;

  constructor(database: SqlDatabase, audit: LedgerAuditLog) {
    this.#database = database;
    this.#audit = audit;
  }

  permitAttempt(terms: PermitTerms, word: AttemptWord): Promise<PermittedTerms> {
    return this.#database.write((transaction) => permitAttempt(transaction, this.#audit, terms, word));
  }

  releaseAttempts(release: AttemptRelease): Promise<ReleasedAttempt[]> {
    return this.#database.write(async (transaction) => {
      const { batchId, run, releasedAt, units } = release;
      const order = openOrderAt(await orderOfBatch(transaction, batchId), { batchId, at: releasedAt });
      await takeBack(transaction, order, release);
      // Refuses serials that another batch has by now, and products that the order does not name.
      await releaseSerials(transaction, this.#audit, release);
      const released: ReleasedAttempt[] = [];
      const changed: [serial: string, attempt: number][] = [];
      let reissues = 0;
      for (const { serial, attempt } of units) {
        const known = await attemptsOf(transaction, serial);
        const hasCertificate = known.issued > 0;
        if (known.run === run) {
          released.push({ serial, attempt: known.further, hasCertificate });
          continue;
        }
        if (supplementOf(run) < supplementOf(known.run ?? '')) throw isEarlier(release, serial);
        const next = Math.max(attempt, known.withdrawn, known.issued, known.asked) + 1;
        await this.#release(transaction, { serial, run, next });
        released.push({ serial, attempt: next, hasCertificate });
        changed.push([serial, next]);
        if (hasCertificate) reissues += 1;
      }
      mustHaveReissues(order, reissues);
      if (changed.length > 0) {
        const members = { batchId, run, count: changed.length, units: JSON.stringify(changed) };
        await this.#audit.append(transaction, 'attempts-released', { ...members, ...saidIn(release) });
      }
      return released;
    });
  }

  returnSerials(units: UnitReturn): Promise<string[]> {
    return this.#database.write(async (transaction) => {
      const { batchId, serials, supplements } = units;
      const batch = await transaction.get('SELECT withdrawn_at FROM batch WHERE batch_id = ?', batchId);
      // All that was left of a batch that was withdrawn at the signer is back already.
      if (batch !== undefined && batch['withdrawn_at'] !== null)
        return await neededOf(transaction, { batchId, serials, supplements });
      const entry = await this.#audit.nextEntry(transaction);
      const kept: string[] = [];
      const entries = new Set<number>();
      const returned: string[] = [];
      const elsewhere: string[] = [];
      for (const serial of serials) {
        const unit = { batchId, serial, supplements };
        if (await isNeeded(transaction, unit)) kept.push(serial);
        else if (await giveBack(transaction, unit, entries)) {
          returned.push(serial);
          if (await isReleased(transaction, serial)) elsewhere.push(serial);
        }
      }
      if (returned.length === 0) return kept;
      // Of a batch that is not released yet, its release leaves out what was given back.
      const released = batch === undefined ? 0 : await countReturned(transaction, batchId, returned.length);
      const left = await stampAgain(transaction, entries, entry);
      const given = {
        returned: returned.length,
        serials: JSON.stringify(returned),
        ...(elsewhere.length > 0 && { elsewhere: JSON.stringify(elsewhere) }),
        supplements,
        released,
      };
      const members = { batchId, ...given, count: left.length, sha256: releasedSha256(left) };
      await this.#audit.append(transaction, 'serials-returned', { ...members, ...saidIn(units) });
      return kept;
    });
  }

  /** The certificate of a unit that did not pass ends with its attempt. An active one may have shipped: the policy decides. */
  async #release(
    transaction: SqlTransaction,
    { serial, run, next }: { readonly serial: string; readonly run: string; readonly next: number },
  ): Promise<void> {
    const live = await liveIssuanceOf(transaction, serial);
    if (live !== undefined && live.state !== 'active')
      await endIssuance(transaction, this.#audit, live.requestId, NOT_PASSED);
    await transaction.run(
      `UPDATE released_serial SET withdrawn_attempt = ?, ended = 0, further_attempt = ?, further_run = ?
       WHERE serial_folded = ?`,
      next - 1,
      next,
      run,
      foldSerial(serial),
    );
  }
}

/** The attempts at a serial that is released. */
async function attemptsOf(
  transaction: SqlTransaction,
  serial: string,
): Promise<{
  readonly withdrawn: number;
  readonly issued: number;
  readonly asked: number;
  readonly further: number;
  readonly run?: string;
}> {
  const row = (await transaction.get(
    `SELECT withdrawn_attempt, asked_attempt, further_attempt, further_run,
       (SELECT coalesce(max(attempt), 0) FROM issuance i WHERE i.serial_folded = r.serial_folded) AS issued
     FROM released_serial r WHERE serial_folded = ?`,
    foldSerial(serial),
  ))!;
  return {
    withdrawn: integer(row, 'withdrawn_attempt'),
    issued: integer(row, 'issued'),
    asked: integer(row, 'asked_attempt'),
    further: integer(row, 'further_attempt'),
    ...present(row, { run: 'further_run' }),
  };
}

/** Units that were given back use the quantity of their order again, in a supplement that came after that. */
async function takeBack(
  transaction: SqlTransaction,
  { order, quantity, released }: OrderStanding,
  release: AttemptRelease,
): Promise<void> {
  const { batchId, run, units } = release;
  let count = 0;
  for (const { serial } of units) {
    const supplements = await returnedAfter(transaction, { batchId, serial });
    if (supplements === undefined) continue;
    if (supplementOf(run) <= supplements) throw isEarlier(release, serial);
    const sql = 'DELETE FROM returned_serial WHERE serial_folded = ? AND batch_id = ?';
    count += await transaction.run(sql, foldSerial(serial), batchId);
  }
  if (count === 0) return;
  if (released + count > quantity) {
    const message = `The order ${order} is for ${quantity} units. ${released} are released, and ${count} that were given back are needed again: sign a revision for more units.`;
    throw new PkiError('QUOTA_EXCEEDED', message, { reason: 'order' });
  }
  await countReturned(transaction, batchId, -count);
}

/** Supplements that the batch had had when the unit was given back; undefined where it was not. */
async function returnedAfter(
  transaction: SqlTransaction,
  { batchId, serial }: UnitOfReturn,
): Promise<number | undefined> {
  const sql = 'SELECT supplements FROM returned_serial WHERE serial_folded = ? AND batch_id = ?';
  const row = await transaction.get(sql, foldSerial(serial), batchId);
  return row && integer(row, 'supplements');
}

/** Everybody can read the release of a supplement and send it again: it must not end what a later one has under way. */
function isEarlier({ run }: AttemptRelease, serial: string): PkiError {
  const message = `The unit ${serial} does not run again in ${run}: it was given back then, or runs in a later supplement. Find out who asked.`;
  return new PkiError('RELEASE_CONFLICT', message, { reason: 'run' });
}

interface UnitOfReturn {
  readonly batchId: string;
  readonly serial: string;
}

/** Returns how many serials of the batch are released. */
async function countReturned(transaction: SqlTransaction, batchId: string, by: number): Promise<number> {
  await transaction.run('UPDATE batch SET returned = returned + ? WHERE batch_id = ?', by, batchId);
  const row = (await transaction.get(
    'SELECT quota, returned, released FROM batch WHERE batch_id = ?',
    batchId,
  ))!;
  // Anyone who asks may name serials that are none of the batch: it cannot give back more than it has.
  if (integer(row, 'released') + integer(row, 'returned') > integer(row, 'quota')) {
    const message = `More units of the batch ${batchId} are given back than it has left: find out who sent the request.`;
    throw new PkiError('RELEASE_CONFLICT', message, { reason: 'returned' });
  }
  const order = await orderOfBatch(transaction, batchId);
  if (order !== undefined) await countOrder(transaction, order.order, 'released', -by);
  return integer(row, 'released');
}

/** No board is touched for a unit that could get no certificate. */
function mustHaveReissues({ order, reissues, reissued }: OrderStanding, needed: number): void {
  if (reissued + needed <= reissues) return;
  const message = `The order ${order} allows ${reissues} reissues. ${reissued} are used, and ${needed} more are needed: sign a revision for more.`;
  throw new PkiError('QUOTA_EXCEEDED', message, { reason: 'reissue' });
}

/** A unit that was never begun, by the word of the intake, after so many supplements. */
interface ReturnedUnit extends UnitOfReturn {
  readonly supplements: number;
}

/** Those of these units that stay with their batch. */
async function neededOf(
  transaction: SqlTransaction,
  { batchId, serials, supplements }: UnitReturn,
): Promise<string[]> {
  const needed: string[] = [];
  for (const serial of serials)
    if (await isNeeded(transaction, { batchId, serial, supplements })) needed.push(serial);
  return needed;
}

/** It has a certificate, or was released for a supplement that came after it was said that it was never begun. */
async function isNeeded(
  transaction: SqlTransaction,
  { batchId, serial, supplements }: ReturnedUnit,
): Promise<boolean> {
  const of = 'WHERE serial_folded = ? AND batch_id = ?';
  const folded = foldSerial(serial);
  const issued = await transaction.get(`SELECT seq FROM issuance ${of} LIMIT 1`, folded, batchId);
  if (issued !== undefined) return true;
  const row = await transaction.get(`SELECT further_run FROM released_serial ${of}`, folded, batchId);
  const { run = '' } = row === undefined ? {} : present(row, { run: 'further_run' });
  return supplementOf(run) > supplements;
}

/** False where it was given back before. Adds the entry of the audit log that had released it. */
async function giveBack(
  transaction: SqlTransaction,
  { batchId, serial, supplements }: ReturnedUnit,
  entries: Set<number>,
): Promise<boolean> {
  const folded = foldSerial(serial);
  const before = await returnedAfter(transaction, { batchId, serial });
  if (before !== undefined) {
    const later = 'UPDATE returned_serial SET supplements = ? WHERE serial_folded = ? AND batch_id = ?';
    if (supplements > before) await transaction.run(later, supplements, folded, batchId);
    return false;
  }
  await transaction.run(
    'INSERT INTO returned_serial (serial_folded, batch_id, returned_at, supplements) VALUES (?, ?, ?, ?)',
    folded,
    batchId,
    new Date().toISOString(),
    supplements,
  );
  const of = 'released_serial WHERE serial_folded = ? AND batch_id = ?';
  const row = await transaction.get(`SELECT entry FROM ${of}`, folded, batchId);
  if (row === undefined) return true;
  if (row['entry'] !== null) entries.add(integer(row, 'entry'));
  await transaction.run(`DELETE FROM ${of}`, folded, batchId);
  await transaction.run('UPDATE batch SET released = released - 1 WHERE batch_id = ?', batchId);
  return true;
}

/** Whether a batch has the serial: after this one gave it back, it is another one, whose unit stays as it is. */
async function isReleased(transaction: SqlTransaction, serial: string): Promise<boolean> {
  const sql = 'SELECT 1 FROM released_serial WHERE serial_folded = ?';
  return (await transaction.get(sql, foldSerial(serial))) !== undefined;
}

/** What is left of these entries of the audit log belongs to this one from now on: its digest is over all of its serials. */
async function stampAgain(
  transaction: SqlTransaction,
  entries: ReadonlySet<number>,
  entry: number,
): Promise<UnitRelease[]> {
  for (const earlier of entries)
    await transaction.run('UPDATE released_serial SET entry = ? WHERE entry = ?', entry, earlier);
  const rows = await transaction.all('SELECT * FROM released_serial WHERE entry = ?', entry);
  return rows.map(releasedUnitIn);
}
