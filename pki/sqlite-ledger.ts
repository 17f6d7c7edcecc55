import { foldSerial } from '../provisioning/serial-number.ts';
import { AUDIT_GENESIS, auditBody, auditHash, type AuditEntry, type AuditEvent } from './audit-chain.ts';
import {
  LIVE_STATES,
  type BatchRelease,
  type Issuance,
  type IssuanceLedger,
  type IssuanceState,
  type Reservation,
  type RevocationReason,
  type UnitRelease,
} from './issuance-ledger.ts';
import {
  planReservation,
  type Displacement,
  type IssuanceKind,
  type ReservationFacts,
  type ReservationPlan,
} from './issuance-policy.ts';
import { LedgerDatabase } from './ledger-database.ts';
import { earlierOf, issuanceOf, text } from './ledger-rows.ts';
import { sha256Hex } from './p256.ts';
import { PkiError } from './pki-error.ts';
import { releaseBatch, releaseSerials, selectReleasedUnit } from './sqlite-release.ts';

const SELECT_ISSUANCE = `
  SELECT i.*, r.serial, r.product FROM issuance i JOIN released_serial r USING (serial_folded)`;
const LIVE = `state IN ('reserved', 'signing', 'issued', 'active')`;

/** An issuance ledger in one SQLite file, for one signer host. */
export class SqliteLedger implements IssuanceLedger {
  readonly #database: LedgerDatabase;
  readonly #now: () => Date;

  constructor(database: LedgerDatabase, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#now = now;
  }

  async releaseBatch(release: BatchRelease): Promise<void> {
    this.#database.transaction(() => {
      if (!releaseBatch(this.#database, release)) return;
      const { batchId, order, quota, reissueQuota } = release;
      this.#audit('batch-released', { batchId, order, quota, reissueQuota });
    });
  }

  async releaseSerials(release: { batchId: string; units: readonly UnitRelease[] }): Promise<void> {
    this.#database.transaction(() => {
      const added = releaseSerials(this.#database, release);
      if (added.length === 0) return;
      const digest = sha256Hex(Buffer.from(JSON.stringify(added)));
      this.#audit('serials-released', { batchId: release.batchId, count: added.length, sha256: digest });
    });
  }

  async find(requestId: string): Promise<Issuance | undefined> {
    return this.#find(requestId);
  }

  async liveIssuance(serial: string): Promise<Issuance | undefined> {
    return issuanceOf(
      this.#database.get(`${SELECT_ISSUANCE} WHERE i.serial_folded = ? AND ${LIVE}`, foldSerial(serial)),
    );
  }

  async reserve(reservation: Reservation): Promise<Issuance> {
    return this.#database.transaction(() => {
      const known = this.#find(reservation.requestId);
      if (known !== undefined) return known;
      const plan = planReservation(reservation, this.#factsFor(reservation));
      for (const displacement of plan.displaced) this.#displace(displacement);
      this.#insert(reservation, plan);
      return { ...reservation, state: 'reserved' };
    });
  }

  async beginSigning(requestId: string): Promise<void> {
    this.#database.transaction(() => {
      const issuance = this.#find(requestId);
      if (issuance?.state !== 'reserved' && issuance?.state !== 'signing')
        throw withdrawn(requestId, issuance);
      this.#setState(requestId, 'signing');
      this.#audit('signing', { requestId });
    });
  }

  async recordIssued(requestId: string, certificate: Uint8Array): Promise<Uint8Array> {
    return this.#database.transaction(() => {
      const issuance = this.#find(requestId);
      if (issuance === undefined || !LIVE_STATES.has(issuance.state)) throw withdrawn(requestId, issuance);
      if (issuance.certificate !== undefined) return issuance.certificate;
      this.#database.run(
        `UPDATE issuance SET state = 'issued', certificate = ? WHERE request_id = ?`,
        certificate,
        requestId,
      );
      this.#audit('issued', { requestId, sha256: sha256Hex(certificate) });
      return certificate;
    });
  }

  async cancelReservation(requestId: string, reason: string): Promise<void> {
    this.#database.transaction(() => {
      if (this.#find(requestId)?.state === 'reserved') this.#end(requestId, 'void', reason);
    });
  }

  async activate(requestIds: readonly string[]): Promise<void> {
    this.#database.transaction(() => {
      for (const requestId of requestIds) this.#activate(requestId);
    });
  }

  async revoke(requestId: string, reason: RevocationReason): Promise<Issuance | undefined> {
    return this.#database.transaction(() => {
      const issuance = this.#find(requestId);
      if (issuance === undefined) return undefined;
      if (issuance.state === 'reserved') this.#end(requestId, 'void', reason);
      else if (mustRevoke(issuance.state, reason)) this.#end(requestId, 'revoked', reason);
      return this.#find(requestId);
    });
  }

  /** The audit log, oldest first. */
  *auditEntries(): Generator<AuditEntry> {
    for (const row of this.#database.all('SELECT seq, body, hash FROM audit ORDER BY seq')) {
      yield { seq: Number(row['seq']), body: text(row['body']), hash: text(row['hash']) };
    }
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  #find(requestId: string): Issuance | undefined {
    return issuanceOf(this.#database.get(`${SELECT_ISSUANCE} WHERE i.request_id = ?`, requestId));
  }

  #factsFor({ serial, batchId, boardId, spkiSha256 }: Reservation): ReservationFacts {
    const database = this.#database;
    const batch = database.get('SELECT * FROM batch WHERE batch_id = ?', batchId);
    const ofSerial = database.all(`${SELECT_ISSUANCE} WHERE i.serial_folded = ?`, foldSerial(serial));
    const onBoard = database.get(`${SELECT_ISSUANCE} WHERE i.board_id = ? AND ${LIVE}`, boardId);
    const last = database.get('SELECT reserved_at FROM issuance ORDER BY rowid DESC LIMIT 1');
    return {
      unit: selectReleasedUnit(database, serial),
      quota: Number(batch?.['quota'] ?? 0),
      reissueQuota: Number(batch?.['reissue_quota'] ?? 0),
      reserved: Number(batch?.['reserved'] ?? 0),
      reissued: Number(batch?.['reissued'] ?? 0),
      ofSerial: ofSerial.map(earlierOf),
      onBoard: onBoard === undefined ? undefined : earlierOf(onBoard),
      keySeen: database.get('SELECT 1 FROM issuance WHERE spki_sha256 = ?', spkiSha256) !== undefined,
      lastReservedAt: last === undefined ? undefined : text(last['reserved_at']),
    };
  }

  #insert(reservation: Reservation, { kind }: ReservationPlan): void {
    const { requestId, batchId, serial, attempt, boardId, spkiSha256, certificateSerial, tbs } = reservation;
    this.#countIssuance(batchId, kind, 1);
    this.#database.run(
      `INSERT INTO issuance (request_id, request_sha256, batch_id, serial_folded, attempt, board_id, spki_sha256,
         cert_serial, not_before, not_after, tbs, kind, state, reserved_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'reserved', ?)`,
      requestId,
      reservation.requestSha256,
      batchId,
      foldSerial(serial),
      attempt,
      boardId,
      spkiSha256,
      certificateSerial,
      reservation.notBefore,
      reservation.notAfter,
      tbs,
      kind,
      reservation.reservedAt,
    );
    this.#audit('reserved', {
      requestId,
      batchId,
      serial,
      attempt,
      boardId,
      spkiSha256,
      certificateSerial,
      kind,
      tbsSha256: sha256Hex(tbs),
    });
  }

  #displace({ earlier, state, reason }: Displacement): void {
    this.#end(earlier.requestId, state, reason);
  }

  #activate(requestId: string): void {
    const issuance = this.#find(requestId);
    if (issuance === undefined) {
      throw new PkiError(
        'ISSUANCE_UNKNOWN',
        `No certificate was asked for as ${requestId}: check the request id.`,
      );
    }
    if (issuance.state === 'active') return;
    if (issuance.state !== 'issued') throw withdrawn(requestId, issuance);
    this.#setState(requestId, 'active');
    this.#audit('activated', { requestId });
  }

  /** Ends an issuance; one that never had a signature gives its quota back. */
  #end(requestId: string, state: 'superseded' | 'revoked' | 'void', reason: string): void {
    if (state === 'void') {
      const row = this.#database.get('SELECT batch_id, kind FROM issuance WHERE request_id = ?', requestId);
      this.#countIssuance(text(row?.['batch_id']), text(row?.['kind']) as IssuanceKind, -1);
    }
    this.#database.run(
      'UPDATE issuance SET state = ?, reason = ? WHERE request_id = ?',
      state,
      reason,
      requestId,
    );
    this.#audit(state, { requestId, reason });
  }

  #countIssuance(batchId: string, kind: IssuanceKind, by: 1 | -1): void {
    const column = kind === 'first' ? 'reserved' : 'reissued';
    this.#database.run(`UPDATE batch SET ${column} = ${column} + ? WHERE batch_id = ?`, by, batchId);
  }

  #setState(requestId: string, state: IssuanceState): void {
    this.#database.run('UPDATE issuance SET state = ? WHERE request_id = ?', state, requestId);
  }

  #audit(event: AuditEvent['event'], members: Readonly<Record<string, string | number>>): void {
    const last = this.#database.get('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1');
    const seq = Number(last?.['seq'] ?? 0) + 1;
    const body = auditBody({ ...members, event, at: this.#now().toISOString() });
    const hash = auditHash(last === undefined ? AUDIT_GENESIS : text(last['hash']), seq, body);
    this.#database.run('INSERT INTO audit (seq, body, hash) VALUES (?, ?, ?)', seq, body, hash);
  }
}

/** Opens or makes the ledger at `path`. Throws LEDGER_UNAVAILABLE, LEDGER_CORRUPT, LEDGER_NEWER. */
export function openSqliteLedger(path: string): SqliteLedger {
  return new SqliteLedger(LedgerDatabase.open(path));
}

/** What is over already stays as it is, but a superseded key may turn out to be compromised. */
function mustRevoke(state: IssuanceState, reason: RevocationReason): boolean {
  if (LIVE_STATES.has(state)) return true;
  return state === 'superseded' && reason === 'keyCompromise';
}

function withdrawn(requestId: string, issuance: Issuance | undefined): PkiError {
  const what =
    issuance === undefined ? 'is unknown' : `is ${issuance.state} (${issuance.reason ?? 'not issued'})`;
  return new PkiError(
    'CERTIFICATE_WITHDRAWN',
    `The certificate asked for as ${requestId} ${what}: start a new attempt.`,
    {
      reason: issuance?.state ?? 'unknown',
    },
  );
}
