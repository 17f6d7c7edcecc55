import { createHash } from 'node:crypto';
import type { Decision } from '../../provisioning/decision.ts';
import type { Outcome } from '../../provisioning/outcome.ts';
import type { AttemptId } from '../../provisioning/unit.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqliteConnection } from '../../sql/sqlite-connection.ts';
import { RegistryError } from '../registry-error.ts';
import type { AttemptFailure, Registration } from '../registry.ts';
import { insertDecision } from './decisions.ts';
import { isRenewal, passRework } from './reworks.ts';
import { revocationReason } from './revocations.ts';
import { unitIdOf } from './unit-id.ts';
import { integer, present, text } from '../../sql/row.ts';

/** See Registry.registerUnit. Runs inside a transaction. */
export function registerUnit(db: SqliteConnection, registration: Registration): void {
  const { serial, attempt, certificateSha256, certificate } = registration;
  if (createHash('sha256').update(certificate).digest('hex') !== certificateSha256) {
    throw new RegistryError(
      'wrong-fingerprint',
      `Unit ${serial}: ${certificateSha256} is not the SHA-256 of its certificate.`,
    );
  }
  const unitId = unitIdOf(db, registration);
  if (isRegistered(db, unitId, registration)) return;
  if (newestAttempt(lastAttempt(db, unitId)) > attempt) {
    throw new RegistryError(
      'not-active',
      `Unit ${serial}: attempt ${attempt} has ended, and a later one is recorded.`,
    );
  }
  refuseEnded(db, unitId, registration);
  refuseRevoked(db, registration);
  supersede(db, unitId, registration);
  recordPassedAttempt(db, unitId, registration);
  insertCertificate(db, unitId, registration);
  insertEvidence(db, unitId, registration);
  const { reworkId } = registration;
  if (reworkId !== undefined) passRework(db, { reworkId, unitId, attempt });
  db.run(
    `UPDATE units SET outcome = 'PASS', attention = 0, code = NULL, step = 'registerDevice',
       attempts = max(attempts, ?) WHERE unit_id = ?`,
    attempt,
    unitId,
  );
}

/**
 * Records that an attempt failed, and the outcome when there is one; without, the unit waits. Runs inside a
 * transaction. See Registry.recordAttention and Registry.recordOutcome.
 */
export function recordFailure(
  db: SqliteConnection,
  failure: AttemptFailure,
  outcome?: Exclude<Outcome, 'PASS'>,
): void {
  const unitId = unitIdOf(db, failure);
  const { attempt, step, code, decision } = failure;
  const active = activeCertificate(db, 'unit_id', unitId);
  const last = lastAttempt(db, unitId);
  if (active === undefined && isFinal(last, attempt)) return;
  if (decision !== undefined) insertDecision(db, { ...failure, unitId }, decision);
  // A report that comes late: of an attempt that another followed, or that it waits when all is decided.
  const decided = active !== undefined || last.outcome !== undefined;
  if (newestAttempt(last) > attempt || (decided && outcome === undefined)) return;
  if (active !== undefined) throw conflictWith(active, failure, `cannot end with ${outcome}`);
  recordFailedAttempt(db, unitId, failure);
  db.run(
    'UPDATE units SET outcome = ?, attention = ?, code = ?, step = ?, attempts = ? WHERE unit_id = ?',
    outcome,
    outcome === undefined ? 1 : 0,
    code,
    step,
    attempt,
    unitId,
  );
}

/** See Registry.recordDecision. Runs inside a transaction. */
export function recordDecision(
  db: SqliteConnection,
  decided: AttemptId & { readonly decision: Decision },
): void {
  insertDecision(db, { ...decided, unitId: unitIdOf(db, decided) }, decided.decision);
}

/** The last recorded attempt and its outcome; attempts up to `endedAttempt` had ended before the unit ran again. */
interface LastAttempt {
  readonly attempt: number;
  readonly endedAttempt: number | undefined;
  readonly outcome?: string;
}

function lastAttempt(db: SqliteConnection, unitId: number): LastAttempt {
  const row = db.get('SELECT attempts, ended_attempt, outcome FROM units WHERE unit_id = ?', unitId) ?? {};
  return {
    attempt: integer(row, 'attempts'),
    endedAttempt: row['ended_attempt'] === null ? undefined : integer(row, 'ended_attempt'),
    ...present(row, { outcome: 'outcome' }),
  };
}

/** A unit that was started again by hand changes nothing: it has ended, and a person decides whether it runs again. */
function isFinal({ attempt: last, outcome }: LastAttempt, attempt: number): boolean {
  return outcome === 'FAIL' || (outcome !== undefined && attempt > Math.max(last, 1));
}

/** Reports of earlier attempts come late. Of a unit that runs again, so do those of the attempt that had ended. */
function newestAttempt({ attempt, endedAttempt }: LastAttempt): number {
  return Math.max(attempt, endedAttempt === undefined ? 0 : endedAttempt + 1);
}

/** True when just this certificate is already this unit's; a certificate that is no longer active stays so. */
function isRegistered(db: SqliteConnection, unitId: number, registration: Registration): boolean {
  const known = db.get('SELECT * FROM certificates WHERE fingerprint = ?', registration.certificateSha256);
  if (known === undefined) return false;
  if (integer(known, 'unit_id') !== unitId) throw conflictWith(known, registration, 'cannot have it too');
  if (text(known, 'state') === 'active') return true;
  const { serial, certificateSha256 } = registration;
  const message = `Unit ${serial}: certificate ${certificateSha256} is ${text(known, 'state')}: retry the unit to get a new one.`;
  throw new RegistryError('not-active', message);
}

/**
 * A unit that was terminated is recorded as ended, with its certificate revoked; its last step may come later. A unit that ended
 * otherwise passes only after it was opened again.
 */
function refuseEnded(db: SqliteConnection, unitId: number, { serial, attempt }: Registration): void {
  const { outcome } = lastAttempt(db, unitId);
  if (outcome === undefined || outcome === 'PASS') return;
  throw new RegistryError('not-active', `Unit ${serial}: attempt ${attempt} has ended without a pass.`);
}

/** The signer may have withdrawn it while its unit waited. */
function refuseRevoked(db: SqliteConnection, { serial, certificateSerial }: Registration): void {
  const reason = revocationReason(db, certificateSerial);
  if (reason === undefined) return;
  const message = `Unit ${serial}: its certificate ${certificateSerial} was revoked (${reason}): leave the unit out (skip).`;
  throw new RegistryError('not-active', message);
}

function supersede(db: SqliteConnection, unitId: number, registration: Registration): void {
  const active = activeCertificate(db, 'unit_id', unitId);
  if (active !== undefined && active['attempt'] !== registration.supersedesAttempt) {
    throw conflictWith(active, registration, 'cannot have a second one');
  }
  if (active !== undefined) {
    db.run(
      `UPDATE certificates SET state = 'superseded', ended_at = ? WHERE fingerprint = ?`,
      new Date().toISOString(),
      text(active, 'fingerprint'),
    );
  }
  const onBoard = activeCertificate(db, 'board_id', registration.boardId);
  if (onBoard !== undefined)
    throw conflictWith(onBoard, registration, `cannot use its board ${registration.boardId}`);
  const sql = 'SELECT * FROM certificates WHERE spki_sha256 = ? AND has_old_key = 0';
  const sameKey = db.get(sql, registration.spkiSha256);
  if (sameKey !== undefined && !hasOldKey(db, unitId, registration))
    throw conflictWith(sameKey, registration, 'cannot have the same key');
}

/** A renewal certifies the key again that the unit has: a key of another unit is never its own. */
function hasOldKey(db: SqliteConnection, unitId: number, { reworkId, spkiSha256 }: Registration): boolean {
  if (reworkId === undefined || !isRenewal(db, reworkId, unitId)) return false;
  const sql = 'SELECT unit_id FROM certificates WHERE spki_sha256 = ? AND has_old_key = 0';
  return db.get(sql, spkiSha256)?.['unit_id'] === unitId;
}

function activeCertificate(
  db: SqliteConnection,
  column: 'unit_id' | 'board_id',
  value: number | string,
): SqlRow | undefined {
  return db.get(`SELECT * FROM certificates WHERE ${column} = ? AND state = 'active'`, value);
}

/** What links an attempt, ?2, at a unit, ?1, with the one before and with its supplement. */
const LINKS = 'follows, supplement';
const LINKED = `(SELECT max(attempt) FROM attempts WHERE unit_id = ?1 AND attempt < ?2),
  (SELECT supplement FROM units WHERE unit_id = ?1)`;

/** Whatever this attempt failed with before, it passed. */
function recordPassedAttempt(db: SqliteConnection, unitId: number, registration: Registration): void {
  const { attempt, stationId, socket, boardId, startedAt, verifiedAt } = registration;
  db.run(
    `INSERT INTO attempts (unit_id, attempt, station, socket, board_id, started_at, finished_at, step, ${LINKS})
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'registerDevice', ${LINKED})
     ON CONFLICT (unit_id, attempt) DO UPDATE SET
       station = excluded.station, socket = excluded.socket, board_id = excluded.board_id,
       started_at = excluded.started_at, finished_at = excluded.finished_at, step = excluded.step,
       code = NULL, message = NULL, reason = NULL`,
    unitId,
    attempt,
    stationId,
    socket,
    boardId,
    startedAt,
    verifiedAt,
  );
}

/** What the attempt failed with first stays; a later report adds what was not known. */
function recordFailedAttempt(db: SqliteConnection, unitId: number, failure: AttemptFailure): void {
  db.run(
    `INSERT INTO attempts
       (unit_id, attempt, station, socket, board_id, started_at, finished_at, step, code, message, reason, ${LINKS})
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ${LINKED})
     ON CONFLICT (unit_id, attempt) DO UPDATE SET
       station = coalesce(station, excluded.station), socket = coalesce(socket, excluded.socket),
       board_id = coalesce(board_id, excluded.board_id), started_at = coalesce(started_at, excluded.started_at),
       finished_at = iif(code IS NULL, excluded.finished_at, finished_at),
       step = iif(code IS NULL, excluded.step, step), message = iif(code IS NULL, excluded.message, message),
       code = coalesce(code, excluded.code), reason = coalesce(excluded.reason, reason)`,
    unitId,
    failure.attempt,
    failure.stationId,
    failure.socket,
    failure.boardId,
    failure.startedAt,
    new Date().toISOString(),
    failure.step,
    failure.code,
    failure.message,
    failure.reason,
  );
}

function insertCertificate(db: SqliteConnection, unitId: number, registration: Registration): void {
  db.run(
    `INSERT INTO certificates (fingerprint, certificate_serial, spki_sha256, unit_id, attempt, board_id, der, state,
       not_before, not_after, registered_at, has_old_key) VALUES (?, ?, ?, ?, ?, ?, ?, 'active', ?, ?, ?, ?)`,
    registration.certificateSha256,
    registration.certificateSerial,
    registration.spkiSha256,
    unitId,
    registration.attempt,
    registration.boardId,
    registration.certificate,
    registration.notBefore,
    registration.notAfter,
    new Date().toISOString(),
    hasOldKey(db, unitId, registration) ? 1 : 0,
  );
}

function insertEvidence(db: SqliteConnection, unitId: number, { attempt, evidence }: Registration): void {
  for (const [kind, body] of Object.entries(evidence)) {
    db.run(
      'INSERT OR REPLACE INTO evidence (unit_id, attempt, kind, body, recorded_at) VALUES (?, ?, ?, ?, ?)',
      unitId,
      attempt,
      kind,
      JSON.stringify(body),
      new Date().toISOString(),
    );
  }
}

function conflictWith(certificate: SqlRow, { serial }: { serial: string }, hence: string): RegistryError {
  const which = `certificate ${text(certificate, 'fingerprint')} (attempt ${integer(certificate, 'attempt')})`;
  return new RegistryError(
    'other-certificate',
    `Unit ${serial} ${hence}: ${which} is recorded as ${text(certificate, 'state')}. Find out which of them is real.`,
  );
}
