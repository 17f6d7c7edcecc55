import type { AuditLog } from '../audit/audit-log.ts';
import type { Withdrawals, CrlBuild, NumberedCrl } from '../revocation/withdrawals.ts';
import type { AuditEntry, AuditEvent } from '../audit/audit-chain.ts';
import { LIVE_STATES } from '../signing/issuances.ts';
import type { BatchRelease, UnitRelease, Releases } from '../signing/releases.ts';
import type { EnrolledStation, StationState, Stations } from '../signing/stations.ts';
import type { Issuance, Issuances, IssuanceState, Reservation } from '../signing/issuances.ts';
import type { Refusal, Refusals } from '../signing/refusals.ts';
import type { OrderStanding } from '../orders/order-standing.ts';
import type { RevocationReason } from '../x509/revocation-reason.ts';
import { planReservation } from '../signing/issuance-policy.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { LedgerDatabase } from './ledger-database.ts';
import type { OrderBook } from '../orders/order-desk.ts';
import type { SignedOrder } from '../orders/order.ts';
import { sha256Hex } from '../x509/p256.ts';
import { PkiError } from '../pki-error.ts';
import { appendAudit, selectAuditHash, selectAuditHead, selectAuditPage } from './sql-audit.ts';
import {
  insertReservation,
  selectFacts,
  selectIssuance,
  selectLiveIssuance,
  updateEnded,
  updateIssued,
  updateState,
} from './sql-issuance.ts';
import type { IssuanceEnd } from './sql-issuance.ts';
import {
  selectByCertificateSerial,
  selectByFingerprint,
  selectIssuancePage,
  selectIssuancesOf,
} from './sql-lookup.ts';
import { selectOrder, updateOrderClosed, upsertOrder } from './sql-order.ts';
import { insertBatch, insertSerials, selectReleasedUnit, updateWithdrawn } from './sql-release.ts';
import {
  insertCrl,
  selectLatestCrl,
  selectWithdrawalMark,
  selectWithdrawn,
  updateHeld,
} from './sql-withdrawal.ts';

import { selectStation, selectStations, updateStationState, upsertStation } from './sql-station.ts';

const SHA256_HEX_LENGTH = 64;

/** An audit entry is for reading; whoever is refused decides what is in his request. */
const REFUSAL_MAX = 200;

/** An issuance ledger in a SQL database: the policy's decisions, each with its audit entry, in one transaction. */
export class SqlLedger implements OrderBook, Releases, Issuances, Stations, Refusals, Withdrawals, AuditLog {
  readonly #database: LedgerDatabase;
  #witnessed: { readonly size: number; readonly hash: string } | undefined;

  constructor(database: LedgerDatabase) {
    this.#database = database;
  }

  /**
   * From now on nothing is signed unless the audit log still has this entry: a database that is exchanged for an old copy
   * while the signer runs is noticed before the next signature.
   */
  witnessed(checkpoint: { readonly size: number; readonly hash: string }): void {
    if (checkpoint.size > 0) this.#witnessed = checkpoint;
  }

  admitOrder(order: SignedOrder): Promise<void> {
    return this.#database.write(async (transaction) => {
      if (!(await upsertOrder(transaction, order))) return;
      const { products, manifestSha256, ...members } = order;
      const manifest = manifestSha256 === undefined ? {} : { manifestSha256 };
      await audit(transaction, 'order-admitted', { ...members, ...manifest, products: products.join() });
    });
  }

  /** Ends an order, for good: nothing is released or signed under it any more; idempotent. Throws ORDER_UNKNOWN. */
  closeOrder(order: string): Promise<void> {
    return this.#database.write(async (transaction) => {
      const standing = await selectOrder(transaction, order);
      if (standing === undefined) {
        const message = `The ledger has no order ${order}: check its number.`;
        throw new PkiError('ORDER_UNKNOWN', message);
      }
      if (standing.closedAt !== undefined) return;
      await updateOrderClosed(transaction, order, new Date().toISOString());
      await audit(transaction, 'order-closed', { order });
    });
  }

  orderStanding(order: string): Promise<OrderStanding | undefined> {
    return this.#database.read((transaction) => selectOrder(transaction, order));
  }

  recordRefusal(refusal: Refusal): Promise<void> {
    const members = Object.entries(refusal).map(([member, text]: [string, string]) => [
      member,
      text.slice(0, REFUSAL_MAX),
    ]);
    return this.#database.write((transaction) => audit(transaction, 'refused', Object.fromEntries(members)));
  }

  releaseBatch(release: BatchRelease): Promise<void> {
    return this.#database.write(async (transaction) => {
      if (!(await insertBatch(transaction, release))) return;
      const { batchId, order, quota, manifestSha256 } = release;
      await audit(transaction, 'batch-released', { batchId, order, quota, manifestSha256 });
    });
  }

  releaseSerials(release: {
    readonly batchId: string;
    readonly units: readonly UnitRelease[];
  }): Promise<void> {
    return this.#database.write(async (transaction) => {
      const added = await insertSerials(transaction, release);
      if (added.length === 0) return;
      const digest = sha256Hex(Buffer.from(JSON.stringify(added)));
      const members = { batchId: release.batchId, count: added.length, sha256: digest };
      await audit(transaction, 'serials-released', members);
    });
  }

  find(requestId: string): Promise<Issuance | undefined> {
    return this.#database.read((transaction) => selectIssuance(transaction, requestId));
  }

  liveIssuance(serial: string): Promise<Issuance | undefined> {
    return this.#database.read((transaction) => selectLiveIssuance(transaction, serial));
  }

  reserve(reservation: Reservation): Promise<Issuance> {
    return this.#database.write(async (transaction) => {
      const earlier = await selectIssuance(transaction, reservation.requestId);
      if (earlier !== undefined) return earlier;
      const plan = planReservation(reservation, await selectFacts(transaction, reservation));
      for (const { earlier: displaced, reason } of plan.displaced)
        await endIssuance(transaction, displaced.requestId, { state: 'superseded', reason });
      await this.#assertWitnessed(transaction);
      await insertReservation(transaction, reservation, plan.kind);
      const {
        tbs,
        notBefore: _start,
        notAfter: _end,
        reservedAt: _at,
        product: _product,
        ...members
      } = reservation;
      await audit(transaction, 'signing', { ...members, kind: plan.kind, tbsSha256: sha256Hex(tbs) });
      return { ...reservation, state: 'signing' };
    });
  }

  resumeSigning(requestId: string): Promise<Issuance> {
    return this.#database.write(async (transaction) => {
      const issuance = known(requestId, await selectIssuance(transaction, requestId));
      if (issuance.state !== 'signing') return issuance;
      await this.#assertWitnessed(transaction);
      await audit(transaction, 'signing', { requestId });
      return issuance;
    });
  }

  recordIssued(requestId: string, certificate: Uint8Array): Promise<Uint8Array> {
    return this.#database.write(async (transaction) => {
      if (!(await updateIssued(transaction, requestId, certificate))) {
        const issuance = await selectIssuance(transaction, requestId);
        if (issuance === undefined || !LIVE_STATES.has(issuance.state)) throw withdrawn(requestId, issuance);
        return issuance.certificate ?? certificate;
      }
      await audit(transaction, 'issued', { requestId, sha256: sha256Hex(certificate) });
      return certificate;
    });
  }

  activate(requestIds: readonly string[]): Promise<string[]> {
    return this.#database.write(async (transaction) => {
      const refused: string[] = [];
      for (const requestId of requestIds) {
        if (!(await activateOne(transaction, requestId))) refused.push(requestId);
      }
      return refused;
    });
  }

  revoke(requestId: string, reason: RevocationReason): Promise<Issuance | undefined> {
    return this.#database.write(async (transaction) => {
      const issuance = await selectIssuance(transaction, requestId);
      if (issuance === undefined || !mustEnd(issuance.state, reason)) return issuance;
      await endIssuance(transaction, requestId, { state: 'revoked', reason });
      return await selectIssuance(transaction, requestId);
    });
  }

  /**
   * Puts a certificate on hold: on the next revocation list, until `endHold`. Idempotent. Throws ISSUANCE_UNKNOWN, or
   * CERTIFICATE_WITHDRAWN for one that is not issued or active.
   */
  hold(requestId: string): Promise<void> {
    return this.#database.write(async (transaction) => {
      const issuance = known(requestId, await selectIssuance(transaction, requestId));
      if (issuance.certificate === undefined || !LIVE_STATES.has(issuance.state))
        throw withdrawn(requestId, issuance);
      if (issuance.heldAt !== undefined) return;
      await updateHeld(transaction, requestId, new Date().toISOString());
      await audit(transaction, 'held', { requestId });
    });
  }

  /** Ends a hold; false where there is none. Throws ISSUANCE_UNKNOWN. */
  endHold(requestId: string): Promise<boolean> {
    return this.#database.write(async (transaction) => {
      const issuance = known(requestId, await selectIssuance(transaction, requestId));
      if (issuance.heldAt === undefined) return false;
      await updateHeld(transaction, requestId, null);
      await audit(transaction, 'hold-ended', { requestId });
      return true;
    });
  }

  withdrawUnit(serial: string, attempt: number): Promise<void> {
    return this.#database.write(async (transaction) => {
      const unit = await selectReleasedUnit(transaction, serial);
      if (unit === undefined) return;
      if (attempt > unit.withdrawnAttempt) {
        await updateWithdrawn(transaction, serial, attempt);
        await audit(transaction, 'unit-withdrawn', { serial: unit.serial, attempt });
      }
      const live = await selectLiveIssuance(transaction, serial);
      if (live === undefined) return;
      const end = { state: 'revoked', reason: 'cessationOfOperation' } as const;
      await endIssuance(transaction, live.requestId, end);
    });
  }

  station(stationId: string): Promise<EnrolledStation | undefined> {
    return this.#database.read((transaction) => selectStation(transaction, stationId));
  }

  stations(): Promise<EnrolledStation[]> {
    return this.#database.read((transaction) => selectStations(transaction));
  }

  /** Enrolls a station. One that is known receives this key and rate, and may work again: a person decided so. */
  admitStation(station: Pick<EnrolledStation, 'stationId' | 'verifier' | 'perMinute'>): Promise<void> {
    return this.#database.write(async (transaction) => {
      await upsertStation(transaction, { ...station, enrolledAt: new Date().toISOString() });
      await audit(transaction, 'station-admitted', { ...station });
    });
  }

  setStationState(stationId: string, state: StationState, reason: string): Promise<void> {
    return this.#database.write(async (transaction) => {
      const station = await selectStation(transaction, stationId);
      if (station === undefined)
        throw new PkiError('STATION_UNKNOWN', `The signer knows no station ${stationId}: check its id.`);
      if (station.state === state || (station.state === 'revoked' && state === 'stopped')) return;
      if (station.state === 'revoked')
        throw new PkiError('STATION_REVOKED', `The station ${stationId} was revoked: admit it anew.`);
      await updateStationState(transaction, stationId, { state, reason });
      await audit(transaction, `station-${state}`, { stationId, reason });
    });
  }

  /** Changes whenever a certificate is withdrawn, put on hold or released from it. */
  withdrawalMark(): Promise<string> {
    return this.#database.read((transaction) => selectWithdrawalMark(transaction));
  }

  /** The newest revocation list of the issuer that was numbered. */
  latestCrl(issuer: string): Promise<NumberedCrl | undefined> {
    return this.#database.read((transaction) => selectLatestCrl(transaction, issuer));
  }

  /**
   * Numbers the next revocation list of `issuer` (SHA-256 of its key, hex), which `build` makes of its number and of all
   * that is withdrawn; its hash is in the audit log before it can be signed. The number is beyond `published`, that of
   * the newest list outside: a ledger that is an old copy does not know it.
   */
  numberCrl(issuer: string, now: Date, build: CrlBuild, published = 0): Promise<Uint8Array> {
    return this.#database.write(async (transaction) => {
      await this.#assertWitnessed(transaction);
      const latest = await selectLatestCrl(transaction, issuer);
      const number = Math.max(latest?.number ?? 0, published) + 1;
      const mark = await selectWithdrawalMark(transaction);
      const tbs = build(number, await selectWithdrawn(transaction));
      await insertCrl(transaction, { issuer, number, mark, madeAt: now.toISOString() });
      await audit(transaction, 'crl-numbered', { issuer, number, tbsSha256: sha256Hex(tbs) });
      return tbs;
    });
  }

  /** Every issuance of a serial, the newest first. */
  issuancesOf(serial: string): Promise<Issuance[]> {
    return this.#database.read((transaction) => selectIssuancesOf(transaction, serial));
  }

  /** The issuance of a certificate, by its serial number or its SHA-256, both in hex. */
  issuanceOfCertificate(name: string): Promise<Issuance | undefined> {
    const hex = name.toLowerCase().replaceAll(':', '');
    const select = hex.length === SHA256_HEX_LENGTH ? selectByFingerprint : selectByCertificateSerial;
    return this.#database.read((transaction) => select(transaction, hex));
  }

  /** Every issuance, oldest first. */
  async *issuances(): AsyncGenerator<Issuance> {
    for (let seq = 0; ;) {
      const page = await this.#database.read((transaction) => selectIssuancePage(transaction, seq));
      for (const { issuance } of page) yield issuance;
      const last = page.at(-1);
      if (last === undefined) return;
      seq = last.seq;
    }
  }

  /** Where the audit log stands. */
  auditHead(): Promise<{ readonly size: number; readonly hash: string }> {
    return this.#database.read((transaction) => selectAuditHead(transaction));
  }

  /** The hash of an entry of the audit log; undefined where there is none. */
  auditHash(seq: number): Promise<string | undefined> {
    return this.#database.read((transaction) => selectAuditHash(transaction, seq));
  }

  /** Records an ownership proof that is about to be signed. Throws REQUEST_CONFLICT when the code is a unit's serial. */
  recordOwnershipProof(proofCode: string, tbsSha256: string): Promise<void> {
    return this.#database.write(async (transaction) => {
      if ((await selectReleasedUnit(transaction, proofCode)) !== undefined) {
        const message = `The code ${proofCode} is the serial of a unit: a proof must not pass for its certificate.`;
        throw new PkiError('REQUEST_CONFLICT', message, { reason: 'code-is-serial' });
      }
      await this.#assertWitnessed(transaction);
      await audit(transaction, 'ownership-proof', { code: proofCode, tbsSha256 });
    });
  }

  /** Records that a person let this ledger go on although its witness had seen another. */
  acceptLoss(witnessedSize: number, witnessedHash: string): Promise<void> {
    return this.#database.write((transaction) =>
      audit(transaction, 'loss-accepted', { witnessedSize, witnessedHash }),
    );
  }

  /** The audit log, oldest first. */
  async *auditEntries(): AsyncGenerator<AuditEntry> {
    let seq = 0;
    for (;;) {
      const page = await this.#database.read((transaction) => selectAuditPage(transaction, seq));
      yield* page;
      const last = page.at(-1);
      if (last === undefined) return;
      seq = last.seq;
    }
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #assertWitnessed(transaction: SqlTransaction): Promise<void> {
    if (this.#witnessed === undefined) return;
    const { size, hash } = this.#witnessed;
    if ((await selectAuditHash(transaction, size)) === hash) return;
    const message = `The ledger lost entry ${size} of its audit log while the signer ran: bring back the newest copy.`;
    throw new PkiError('LEDGER_STALE', message, { reason: 'exchanged' });
  }
}

function known(requestId: string, issuance: Issuance | undefined): Issuance {
  if (issuance !== undefined) return issuance;
  const message = `No certificate was asked for as ${requestId}: check the request id.`;
  throw new PkiError('ISSUANCE_UNKNOWN', message);
}

/** False for what is unknown, not issued, or withdrawn. */
async function activateOne(transaction: SqlTransaction, requestId: string): Promise<boolean> {
  const state = (await selectIssuance(transaction, requestId))?.state;
  if (state === 'active') return true;
  if (state !== 'issued') return false;
  await updateState(transaction, requestId, 'active');
  await audit(transaction, 'activated', { requestId });
  return true;
}

async function endIssuance(transaction: SqlTransaction, requestId: string, end: IssuanceEnd): Promise<void> {
  await updateEnded(transaction, requestId, { ...end, at: new Date().toISOString() });
  await audit(transaction, end.state, { requestId, reason: end.reason });
}

function audit(
  transaction: SqlTransaction,
  event: AuditEvent['event'],
  members: Readonly<Record<string, string | number>>,
): Promise<void> {
  return appendAudit(transaction, { ...members, event, at: new Date().toISOString() });
}

/** What is over already stays as it is, but a superseded key may turn out to be compromised. */
function mustEnd(state: IssuanceState, reason: RevocationReason): boolean {
  return LIVE_STATES.has(state) || (state === 'superseded' && reason === 'keyCompromise');
}

function withdrawn(requestId: string, issuance: Issuance | undefined): PkiError {
  const what =
    issuance === undefined ? 'is unknown' : `is ${issuance.state} (${issuance.reason ?? 'not issued'})`;
  const message = `The certificate asked for as ${requestId} ${what}: start a new attempt.`;
  return new PkiError('CERTIFICATE_WITHDRAWN', message, { reason: issuance?.state ?? 'unknown' });
}
