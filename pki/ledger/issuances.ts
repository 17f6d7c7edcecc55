import { keepsOldCertificate } from '../../provisioning/rework.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import { integer, text } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { planReservation, planResumption } from '../signing/issuance-policy.ts';
import type { ReservationPlan } from '../signing/issuance-policy.ts';
import { LIVE_STATES } from '../signing/issuances.ts';
import type {
  EndedAttempt,
  EndedRework,
  Issuance,
  Issuances,
  IssuanceState,
  Reservation,
  UnfinishedPage,
} from '../signing/issuances.ts';
import type { AttemptId } from '../../provisioning/unit.ts';
import type { ReadOrder } from '../orders/order-policy.ts';
import { PkiError } from '../pki-error.ts';
import type { ReleasedUnit } from '../signing/releases.ts';
import { sha256Hex } from '../x509/p256.ts';
import type { RevocationReason } from '../x509/revocation-reason.ts';
import type { LedgerAuditLog } from './audit-log.ts';
import { endIssuance, NOT_PASSED } from './issuance-end.ts';
import {
  issuanceIn,
  issuanceOf,
  knownIssuance,
  liveIssuanceOf,
  liveIssuancesOf,
  newestAttempt,
  SELECT_ISSUANCE,
  withdrawn,
} from './issuance-rows.ts';
import type { SqlDatabase } from '../../sql/sql-database.ts';
import { countOrder, releasedUnit } from './orders.ts';
import { closeRework, openReworkOf, useRework } from './reworks.ts';
import { reservationFacts, resumptionFacts } from './reservation-facts.ts';

/** Rows read at once. */
const PAGE = 1_000;

const SHA256_HEX_LENGTH = 64;

/** What was signed, and its state now: the policy's decisions, each with its audit entry, in one transaction. */
export class LedgerIssuances implements Issuances {
  readonly #database: SqlDatabase;
  readonly #audit: LedgerAuditLog;

  constructor(database: SqlDatabase, audit: LedgerAuditLog) {
    this.#database = database;
    this.#audit = audit;
  }

  find(requestId: string): Promise<Issuance | undefined> {
    return this.#database.read((transaction) => issuanceOf(transaction, requestId));
  }

  findIssued(requestIds: readonly string[]): Promise<ReadonlyMap<string, Issuance>> {
    return this.#database.read(async (transaction) => {
      const found = new Map<string, Issuance>();
      for (const requestId of requestIds) {
        const issuance = await issuanceOf(transaction, requestId);
        if (issuance?.state === 'issued' || issuance?.state === 'active') found.set(requestId, issuance);
      }
      return found;
    });
  }

  liveIssuance(serial: string): Promise<Issuance | undefined> {
    return this.#database.read((transaction) => liveIssuanceOf(transaction, serial));
  }

  liveIssuances(serial: string): Promise<readonly Issuance[]> {
    return this.#database.read((transaction) => liveIssuancesOf(transaction, serial));
  }

  /** Every issuance of a serial, the newest first. */
  issuancesOf(serial: string): Promise<Issuance[]> {
    return this.#database.read(async (transaction) => {
      const sql = `${SELECT_ISSUANCE} WHERE i.serial_folded = ? ORDER BY i.seq DESC`;
      return (await transaction.all(sql, foldSerial(serial))).map(issuanceIn);
    });
  }

  /** All issuances for a board, by its hardware id in hex, the newest first. It reads all issuances. */
  issuancesOfBoard(boardId: string): Promise<Issuance[]> {
    return this.#database.read(async (transaction) => {
      const sql = `${SELECT_ISSUANCE} WHERE i.board_id IN (?, ?) ORDER BY i.seq DESC`;
      return (await transaction.all(sql, boardId, boardId.toLowerCase())).map(issuanceIn);
    });
  }

  /** The issuance of a certificate, by its serial number or its SHA-256, both in hex. */
  issuanceOfCertificate(name: string): Promise<Issuance | undefined> {
    const hex = name.toLowerCase().replaceAll(':', '');
    const select = hex.length === SHA256_HEX_LENGTH ? byFingerprint : byCertificateSerial;
    return this.#database.read((transaction) => select(transaction, hex));
  }

  /** Every issuance, oldest first; read page by page. */
  async *issuances(): AsyncGenerator<Issuance> {
    const sql = `${SELECT_ISSUANCE} WHERE i.seq > ? ORDER BY i.seq LIMIT ?`;
    for (let seq = 0; ;) {
      const page = await this.#database.read((transaction) => transaction.all(sql, seq, PAGE));
      for (const row of page) yield issuanceIn(row);
      const last = page.at(-1);
      if (last === undefined) return;
      seq = integer(last, 'seq');
    }
  }

  /**
   * At most `limit` issuances of a batch that are signing or issued, oldest first, after the place `after` of an earlier page.
   * No index: a batch ends once, and a million rows take a second.
   */
  unfinishedOf(batchId: string, after: number, limit: number): Promise<UnfinishedPage> {
    return this.#database.read(async (transaction) => {
      const sql = `${SELECT_ISSUANCE} WHERE i.batch_id = ? AND i.seq > ? AND i.state IN ('signing', 'issued')
        ORDER BY i.seq LIMIT ?`;
      const rows = await transaction.all(sql, batchId, after, limit);
      const last = rows.at(-1);
      const isLast = last === undefined || rows.length < limit;
      return { issuances: rows.map(issuanceIn), ...(!isLast && { next: integer(last, 'seq') }) };
    });
  }

  async reserve(reservation: Reservation, read?: ReadOrder): Promise<Issuance> {
    const reserved = await this.#database.write(async (transaction): Promise<Issuance> => {
      const earlier = await issuanceOf(transaction, reservation.requestId);
      if (earlier !== undefined) return earlier;
      const plan = planReservation(reservation, await reservationFacts(transaction, reservation), read);
      for (const { earlier: displaced, reason } of plan.displaced)
        await endIssuance(transaction, this.#audit, displaced.requestId, { state: 'superseded', reason });
      await this.#audit.assertWitnessed(transaction);
      await insertReservation(transaction, reservation, plan);
      await this.#audit.append(transaction, 'signing', signingFacts(reservation, plan));
      return { ...reservation, state: 'signing' };
    });
    await this.#audit.settled();
    return reserved;
  }

  async resumeSigning(requestId: string, at: Date, read?: ReadOrder): Promise<Issuance> {
    const resumed = await this.#database.write(async (transaction) => {
      const issuance = await knownIssuance(transaction, requestId);
      if (issuance.state !== 'signing') return issuance;
      planResumption(issuance, await resumptionFacts(transaction, issuance), { at: at.toISOString(), read });
      await this.#audit.assertWitnessed(transaction);
      await this.#audit.append(transaction, 'signing', { requestId });
      return issuance;
    });
    await this.#audit.settled();
    return resumed;
  }

  recordIssued(requestId: string, certificate: Uint8Array): Promise<Uint8Array> {
    return this.#database.write(async (transaction) => {
      const sql = `UPDATE issuance SET state = 'issued', certificate = ? WHERE request_id = ? AND state = 'signing'`;
      if ((await transaction.run(sql, certificate, requestId)) === 0) {
        const issuance = await issuanceOf(transaction, requestId);
        if (issuance === undefined || !LIVE_STATES.has(issuance.state)) throw withdrawn(requestId, issuance);
        return issuance.certificate ?? certificate;
      }
      await this.#audit.append(transaction, 'issued', { requestId, sha256: sha256Hex(certificate) });
      return certificate;
    });
  }

  activate(requestIds: readonly string[]): Promise<string[]> {
    return this.#database.write(async (transaction) => {
      const refused: string[] = [];
      for (const requestId of requestIds)
        if (!(await this.#activateOne(transaction, requestId))) refused.push(requestId);
      return refused;
    });
  }

  revoke(requestId: string, reason: RevocationReason, by: string): Promise<Issuance | undefined> {
    return this.#database.write(async (transaction) => {
      const issuance = await issuanceOf(transaction, requestId);
      if (issuance === undefined || !mustEnd(issuance.state, reason)) return issuance;
      await endIssuance(transaction, this.#audit, requestId, { state: 'revoked', reason, by });
      // What is about to take its place does not: a person withdraws the unit's certificate, whichever it is.
      for (const other of await liveIssuancesOf(transaction, issuance.serial))
        if (other.supersedes === requestId)
          await endIssuance(transaction, this.#audit, other.requestId, { state: 'revoked', reason, by });
      return await issuanceOf(transaction, requestId);
    });
  }

  /** Certificates that persons have revoked since then (ISO 8601). */
  revokedByHandSince(since: string): Promise<number> {
    return this.#database.read(async (transaction) => {
      const sql = 'SELECT count(*) AS n FROM issuance WHERE ended_at >= ? AND revoked_by IS NOT NULL';
      return integer((await transaction.get(sql, since))!, 'n');
    });
  }

  withdrawUnit({ batchId, serial, attempt, endedKey }: EndedAttempt): Promise<void> {
    return this.#database.write(async (transaction) => {
      const unit = await releasedUnit(transaction, serial);
      // What comes late, of an attempt before the one that was released last, ends nothing of that one.
      if (unit === undefined || attempt < unit.furtherAttempt) return;
      const live = await liveIssuanceOf(transaction, serial);
      checkWithdrawal({ batchId, attempt }, unit, live);
      if (live !== undefined && live.attempt > attempt) return;
      const issued = (await newestAttempt(transaction, serial)) + 1;
      const next = Math.max(unit.furtherAttempt, issued, unit.permittedAttempt);
      const newest = Math.min(attempt, next);
      if (newest > unit.withdrawnAttempt || !unit.isEnded) {
        const sql = 'UPDATE released_serial SET withdrawn_attempt = ?, ended = 1 WHERE serial_folded = ?';
        await transaction.run(sql, Math.max(newest, unit.withdrawnAttempt), foldSerial(serial));
        const members = { serial: unit.serial, attempt: newest, ended: 1 };
        await this.#audit.append(transaction, 'unit-withdrawn', members);
      }
      if (live === undefined || (live.state === 'issued' && live.spkiSha256 !== endedKey)) return;
      await endIssuance(transaction, this.#audit, live.requestId, NOT_PASSED);
    });
  }

  endRework(end: EndedRework): Promise<void> {
    return this.#database.write(async (transaction) => {
      const { reworkId, serial, revokesActive } = end;
      const unit = await releasedUnit(transaction, serial);
      const rework = await openReworkOf(transaction, foldSerial(serial));
      if (unit === undefined || rework?.reworkId !== reworkId) return;
      // No person asked for that: anyone who reaches Temporal can say how a rework ended.
      if (revokesActive && keepsOldCertificate(rework.kind))
        throw withdrawalRefused(
          `The certificate of ${serial} is active, and its rework was to ${rework.kind} it`,
          'rework',
        );
      await this.#stopAttempts(transaction, unit, end);
      let isUsed = rework.isUsed;
      for (const live of await liveIssuancesOf(transaction, serial)) {
        if (live.state === 'active' ? !revokesActive : live.reworkId !== reworkId) continue;
        await endIssuance(transaction, this.#audit, live.requestId, NOT_PASSED);
        isUsed = true;
      }
      // What was taken for it and changed nothing is there for another unit.
      if (!isUsed) await countOrder(transaction, rework.order, 'reissued', -1);
      await closeRework(transaction, { reworkId, serial });
      const returned = isUsed ? 0 : 1;
      await this.#audit.append(transaction, 'rework-ended', { reworkId, serial: unit.serial, returned });
    });
  }

  /** Neither this attempt nor any other that was permitted is signed any more; no attempt that is still to come is meant. */
  async #stopAttempts(
    transaction: SqlTransaction,
    unit: ReleasedUnit,
    { attempt, revokesActive }: EndedRework,
  ): Promise<void> {
    const { serial, withdrawnAttempt, permittedAttempt } = unit;
    const newest = Math.min(attempt, (await newestAttempt(transaction, serial)) + 1);
    const sql = 'UPDATE released_serial SET withdrawn_attempt = ?, ended = ? WHERE serial_folded = ?';
    const ended = revokesActive || unit.isEnded ? 1 : 0;
    const last = Math.max(newest, withdrawnAttempt, permittedAttempt);
    await transaction.run(sql, last, ended, foldSerial(serial));
    await this.#audit.append(transaction, 'unit-withdrawn', { serial, attempt: last, ended });
  }

  /** False for what is unknown, not issued, or withdrawn. */
  async #activateOne(transaction: SqlTransaction, requestId: string): Promise<boolean> {
    const issuance = await issuanceOf(transaction, requestId);
    if (issuance?.state === 'active') return true;
    if (issuance?.state !== 'issued') return false;
    await this.#giveWay(transaction, issuance);
    const sql = `UPDATE issuance SET state = 'active', is_pending = 0 WHERE request_id = ?`;
    await transaction.run(sql, requestId);
    await this.#audit.append(transaction, 'activated', { requestId });
    return true;
  }

  /** What a new certificate takes the place of ends in the moment in which the new one becomes active. */
  async #giveWay(transaction: SqlTransaction, { serial, supersedes, reworkId }: Issuance): Promise<void> {
    if (supersedes === undefined) return;
    for (const { requestId } of await liveIssuancesOf(transaction, serial))
      if (requestId === supersedes)
        await endIssuance(transaction, this.#audit, requestId, {
          state: 'superseded',
          reason: `rework ${reworkId ?? ''}`,
        });
  }
}

/** What has ended stays as it is, but a superseded key may turn out to be compromised. */
function mustEnd(state: IssuanceState, reason: RevocationReason): boolean {
  return LIVE_STATES.has(state) || (state === 'superseded' && reason === 'keyCompromise');
}

/** What a task says ends nothing that has shipped and nothing of another batch. */
function checkWithdrawal(
  { batchId, attempt }: Omit<AttemptId, 'serial'>,
  unit: ReleasedUnit,
  live: Issuance | undefined,
): void {
  const { serial } = unit;
  if (!Number.isSafeInteger(attempt) || attempt < 1)
    throw withdrawalRefused(`The attempt at ${serial} to withdraw is not a positive whole number`, 'attempt');
  if (unit.batchId !== batchId)
    throw withdrawalRefused(`The unit ${serial} is not one of the batch that was named`, 'batch');
  if (live?.state === 'active')
    throw withdrawalRefused(`The certificate of ${serial} is active, so the unit may have shipped`, 'active');
}

function withdrawalRefused(what: string, reason: string): PkiError {
  const message = `${what}: only a person revokes it, with "certline cert revoke".`;
  return new PkiError('WITHDRAWAL_REFUSED', message, { reason });
}

/** Writes the row of a reservation and counts it against its batch and order. */
async function insertReservation(
  transaction: SqlTransaction,
  reservation: Reservation,
  plan: ReservationPlan,
): Promise<void> {
  await countIssuance(transaction, reservation, plan);
  await transaction.run(
    `INSERT INTO issuance (request_id, request_sha256, batch_id, serial_folded, attempt, board_id, station_id,
       spki_sha256, cert_serial, not_before, not_after, tbs, kind, state, reserved_at, rework_id, supersedes, is_pending,
       has_old_key)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'signing', ?, ?, ?, ?, ?)`,
    reservation.requestId,
    reservation.requestSha256,
    reservation.batchId,
    foldSerial(reservation.serial),
    reservation.attempt,
    reservation.boardId,
    reservation.stationId,
    reservation.spkiSha256,
    reservation.certificateSerial,
    reservation.notBefore,
    reservation.notAfter,
    reservation.tbs,
    plan.kind,
    reservation.reservedAt,
    plan.rework?.reworkId,
    plan.supersedes,
    plan.isPending ? 1 : 0,
    plan.hasOldKey ? 1 : 0,
  );
}

/**
 * A rework counted against its order when it was released, for one certificate. It may be another order than that of the
 * unit's batch, which then has nothing to do with it.
 */
async function countIssuance(
  transaction: SqlTransaction,
  { batchId, serial }: Pick<Reservation, 'batchId' | 'serial'>,
  { kind, rework }: ReservationPlan,
): Promise<void> {
  const row = (await transaction.get('SELECT order_id FROM batch WHERE batch_id = ?', batchId))!;
  const ofBatch = text(row, 'order_id');
  const order = rework?.order ?? ofBatch;
  const column = kind === 'first' ? 'reserved' : 'reissued';
  if (order === ofBatch)
    await transaction.run(`UPDATE batch SET ${column} = ${column} + 1 WHERE batch_id = ?`, batchId);
  if (rework?.isUsed === false) await useRework(transaction, { reworkId: rework.reworkId, serial });
  else if (kind === 'reissue') await countOrder(transaction, order, 'reissued', 1);
}

/** What the audit log says of a reservation. */
function signingFacts(
  reservation: Reservation,
  { kind, rework, supersedes }: ReservationPlan,
): Record<string, string | number> {
  const { requestId, requestSha256, batchId, serial, attempt, boardId, spkiSha256, certificateSerial, tbs } =
    reservation;
  const station = reservation.stationId === undefined ? {} : { stationId: reservation.stationId };
  const facts = {
    requestId,
    requestSha256,
    batchId,
    serial,
    attempt,
    boardId,
    spkiSha256,
    certificateSerial,
  };
  const under = rework === undefined ? {} : { reworkId: rework.reworkId };
  const before = supersedes === undefined ? {} : { supersedes };
  return { ...facts, ...station, ...under, ...before, kind, tbsSha256: sha256Hex(tbs) };
}

/** The issuance whose certificate has this serial number, in lower-case hex. */
async function byCertificateSerial(
  transaction: SqlTransaction,
  certificateSerial: string,
): Promise<Issuance | undefined> {
  const row = await transaction.get(`${SELECT_ISSUANCE} WHERE i.cert_serial = ?`, certificateSerial);
  return row && issuanceIn(row);
}

/**
 * The issuance whose certificate has this SHA-256, in lower-case hex. No index: people ask this a few times a year, and
 * a million certificates take seconds to hash.
 */
async function byFingerprint(
  transaction: SqlTransaction,
  fingerprint: string,
): Promise<Issuance | undefined> {
  const sql = 'SELECT seq, cert_serial, certificate FROM issuance WHERE seq > ? ORDER BY seq LIMIT ?';
  for (let seq = 0; ;) {
    const page = await transaction.all(sql, seq, PAGE);
    const found = page.find(
      ({ certificate }) => certificate instanceof Uint8Array && sha256Hex(certificate) === fingerprint,
    );
    if (found !== undefined) return byCertificateSerial(transaction, text(found, 'cert_serial'));
    const last = page.at(-1);
    if (last === undefined) return undefined;
    seq = integer(last, 'seq');
  }
}
