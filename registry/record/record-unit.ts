import { createHash } from 'node:crypto';
import type { Decision } from '../../provisioning/decision.ts';
import type { Outcome } from '../../provisioning/outcome.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import type { AttemptId } from '../../provisioning/unit.ts';
import type { SqlRow } from '../../sql/row.ts';
import { together } from '../../sql/transaction.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { RegistryError } from '../registry-error.ts';
import type { AttemptFailure, Registration } from '../registry.ts';
import { insertDecision } from './decisions.ts';
import { mustFollow } from './attempt-numbers.ts';
import { callBackUnit, oneUnit, sendOut, withdrawAgain, withdrawUnregistered } from './outbox-entries.ts';
import { unitChanged } from './late-answers.ts';
import { openReworkUnit, passRework } from './reworks.ts';
import { IS_UNIT, unitIdOf, unknownUnit } from './unit-id.ts';
import { integer, present, text } from '../../sql/row.ts';

/** See Registry.registerUnit. Runs inside a transaction. */
export async function registerUnit(db: SqlTransaction, registration: Registration): Promise<void> {
  const { serial, attempt, certificateSha256, certificate } = registration;
  if (createHash('sha256').update(certificate).digest('hex') !== certificateSha256) {
    throw new RegistryError(
      'wrong-fingerprint',
      `Unit ${serial}: ${certificateSha256} is not the SHA-256 of its certificate.`,
    );
  }
  const [{ unitId, last, revoked, isOldKey }, certificates] = await together(
    standingOf(db, registration),
    relatedTo(db, registration),
  );
  const { known, before, onBoard, sameKey } = rivalsIn(certificates, unitId, registration);
  if (known !== undefined && isRegistered(known, unitId, registration)) return;
  if (newestAttempt(last) > attempt) {
    throw new RegistryError(
      'not-active',
      `Unit ${serial}: attempt ${attempt} has ended, and a later one is recorded.`,
    );
  }
  await mustFollow(db, unitId, registration);
  refuseEnded(last, registration);
  refuseEarlierPass(last, registration);
  refuseRevoked(revoked, registration);
  await mustBeInRework(db, unitId, registration);
  if (before !== undefined && before['attempt'] !== registration.supersedesAttempt)
    throw conflictWith(before, registration, 'cannot have a second one');
  // The one that this certificate supersedes may be on the same board.
  if (onBoard !== undefined && onBoard['fingerprint'] !== before?.['fingerprint'])
    throw conflictWith(onBoard, registration, `cannot use its board ${registration.boardId}`);
  // A renewal certifies the key again that the unit has: a key of another unit is never its own.
  const hasOldKey = isOldKey && sameKey?.['unit_id'] === unitId;
  if (sameKey !== undefined && !hasOldKey)
    throw conflictWith(sameKey, registration, 'cannot have the same key');
  if (before !== undefined) await supersede(db, unitId, before);
  await together(
    recordPassedAttempt(db, unitId, registration),
    insertCertificate(db, unitId, registration, hasOldKey),
    insertEvidence(db, unitId, registration),
    sendOut(db, unitId, registration),
    db.run(
      `UPDATE units SET outcome = 'PASS', attention = 0, code = NULL, step = 'registerDevice',
         attempts = CASE WHEN attempts < ?1 THEN ?1 ELSE attempts END WHERE unit_id = ?2`,
      attempt,
      unitId,
    ),
  );
  // What was signed in an earlier attempt, which is not recorded where the unit was reset. Few units have one.
  if (last.attempt > 0 || attempt > 1) await withdrawUnregistered(db, oneUnit(unitId));
  const { reworkId } = registration;
  if (reworkId !== undefined) await passRework(db, { reworkId, unitId, attempt });
}

/**
 * Records that an attempt failed, and the outcome when there is one; without, and without a decision, the unit waits. Runs
 * inside a transaction. See Registry.recordAttention and Registry.recordOutcome.
 */
export async function recordFailure(
  db: SqlTransaction,
  failure: AttemptFailure,
  outcome?: Exclude<Outcome, 'PASS'>,
): Promise<void> {
  const unitId = await unitIdOf(db, failure);
  const { attempt, step, code, decision } = failure;
  const active = await activeCertificate(db, unitId);
  const last = await lastAttempt(db, unitId);
  if (active === undefined && isFinal(last, attempt)) return;
  if (decision !== undefined) await insertDecision(db, { ...failure, unitId }, decision);
  // A report that comes late: of an attempt that another followed, or that it waits when all is decided.
  const decided = active !== undefined || last.outcome !== undefined;
  if (newestAttempt(last) > attempt || (decided && outcome === undefined)) return;
  if (active !== undefined) throw conflictWith(active, failure, `cannot end with ${outcome}`);
  await mustFollow(db, unitId, failure);
  await recordFailedAttempt(db, unitId, failure);
  await db.run(
    'UPDATE units SET outcome = ?, attention = ?, code = ?, step = ?, attempts = ? WHERE unit_id = ?',
    outcome,
    outcome === undefined && decision === undefined ? 1 : 0,
    code,
    step,
    attempt,
    unitId,
  );
  if (outcome === undefined) return;
  await unitChanged(db, unitId);
  if (last.outcome === undefined) await withdrawAgain(db, oneUnit(unitId));
}

/** See Registry.recordRelease. Runs inside a transaction. */
export async function recordRelease(db: SqlTransaction, released: AttemptId): Promise<void> {
  const unitId = await unitIdOf(db, released);
  const sql = 'UPDATE units SET released_attempt = ?1 WHERE unit_id = ?2 AND released_attempt < ?1';
  await db.run(sql, released.attempt, unitId);
}

/** See Registry.recordDecision. Runs inside a transaction. */
export async function recordDecision(
  db: SqlTransaction,
  decided: AttemptId & { readonly decision: Decision },
): Promise<void> {
  await insertDecision(db, { ...decided, unitId: await unitIdOf(db, decided) }, decided.decision);
}

/** The last recorded attempt and its outcome; attempts up to `endedAttempt` had ended before the unit ran again. */
interface LastAttempt {
  readonly attempt: number;
  readonly endedAttempt: number | undefined;
  readonly outcome?: string;
}

async function lastAttempt(db: SqlTransaction, unitId: number): Promise<LastAttempt> {
  const row = await db.get('SELECT attempts, ended_attempt, outcome FROM units WHERE unit_id = ?', unitId);
  return lastAttemptIn(row ?? {});
}

function lastAttemptIn(row: SqlRow): LastAttempt {
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

/** The unit, why its certificate was revoked, and whether its certificate is being renewed: then its key may stay. */
interface UnitStanding {
  readonly unitId: number;
  readonly last: LastAttempt;
  readonly revoked: string | undefined;
  readonly isOldKey: boolean;
}

async function standingOf(db: SqlTransaction, registration: Registration): Promise<UnitStanding> {
  const { serial, batchId, certificateSerial, reworkId } = registration;
  const row = await db.get(
    `SELECT unit_id, attempts, ended_attempt, outcome,
       (SELECT reason FROM revocations WHERE certificate_serial = ?3) AS revoked
     FROM units WHERE ${IS_UNIT}`,
    foldSerial(serial),
    batchId,
    certificateSerial,
  );
  if (row === undefined) throw unknownUnit(registration);
  const unitId = integer(row, 'unit_id');
  return {
    unitId,
    last: lastAttemptIn(row),
    revoked: present(row, { revoked: 'revoked' }).revoked,
    isOldKey: reworkId !== undefined && (await openReworkUnit(db, reworkId, unitId))?.kind === 'renew',
  };
}

/** Certificates that a new one may not have beside it: itself, the one in use of its unit or its board, and the one of its key. */
interface Rivals {
  readonly known: SqlRow | undefined;
  readonly before: SqlRow | undefined;
  readonly onBoard: SqlRow | undefined;
  readonly sameKey: SqlRow | undefined;
}

/** Each part by an index of its own: PostgreSQL reads the whole table for one condition with OR. */
const RELATED = [
  'fingerprint = ?3',
  `board_id = ?4 AND state = 'active'`,
  'spki_sha256 = ?5 AND has_old_key = 0',
  `unit_id = (SELECT unit_id FROM units WHERE ${IS_UNIT}) AND state = 'active'`,
]
  .map((condition) => `SELECT * FROM certificates WHERE ${condition}`)
  .join(' UNION ALL ');

async function relatedTo(
  db: SqlTransaction,
  { serial, batchId, certificateSha256, boardId, spkiSha256 }: Registration,
): Promise<SqlRow[]> {
  return await db.all(RELATED, foldSerial(serial), batchId, certificateSha256, boardId, spkiSha256);
}

function rivalsIn(
  certificates: readonly SqlRow[],
  unitId: number,
  { certificateSha256, boardId, spkiSha256 }: Registration,
): Rivals {
  const active = certificates.filter((row) => row['state'] === 'active');
  return {
    known: certificates.find((row) => row['fingerprint'] === certificateSha256),
    before: active.find((row) => row['unit_id'] === unitId),
    onBoard: active.find((row) => row['board_id'] === boardId),
    sameKey: certificates.find((row) => row['spki_sha256'] === spkiSha256 && row['has_old_key'] === 0),
  };
}

/** True when just this certificate is already this unit's; a certificate that is no longer active stays so. */
function isRegistered(known: SqlRow, unitId: number, registration: Registration): boolean {
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
function refuseEnded({ outcome }: LastAttempt, { serial, attempt }: Registration): void {
  if (outcome === undefined || outcome === 'PASS') return;
  throw new RegistryError('not-active', `Unit ${serial}: attempt ${attempt} has ended without a pass.`);
}

/** Everybody can read an earlier pass and send it again; its certificate was revoked when the unit ran again. */
function refuseEarlierPass(
  { endedAttempt }: LastAttempt,
  { serial, attempt, provenAttempt = attempt }: Registration,
): void {
  if (endedAttempt === undefined || provenAttempt > endedAttempt) return;
  const message = `Unit ${serial}: attempt ${provenAttempt}, which its station proved, had ended before the unit ran again.`;
  throw new RegistryError('not-active', message);
}

/** The signer may have withdrawn it while its unit waited. */
function refuseRevoked(reason: string | undefined, { serial, certificateSerial }: Registration): void {
  if (reason === undefined) return;
  const message = `Unit ${serial}: its certificate ${certificateSerial} was revoked (${reason}): leave the unit out (skip).`;
  throw new RegistryError('not-active', message);
}

/** What takes the place of a certificate is of a rework that a person asked for, and that has not ended. */
async function mustBeInRework(
  db: SqlTransaction,
  unitId: number,
  { serial, reworkId, supersedesAttempt }: Registration,
): Promise<void> {
  if (reworkId === undefined && supersedesAttempt === undefined) return;
  const open = reworkId === undefined ? undefined : await openReworkUnit(db, reworkId, unitId);
  if (open !== undefined && open.oldAttempt === supersedesAttempt) return;
  const message = `Unit ${serial} is not in the rework ${(reworkId ?? '').slice(0, 40)}, or has ended in it: nothing takes the place of its certificate.`;
  throw new RegistryError('not-active', message);
}

async function supersede(db: SqlTransaction, unitId: number, active: SqlRow): Promise<void> {
  await db.run(
    `UPDATE certificates SET state = 'superseded', ended_at = ? WHERE fingerprint = ?`,
    new Date().toISOString(),
    text(active, 'fingerprint'),
  );
  await callBackUnit(db, unitId);
}

async function activeCertificate(db: SqlTransaction, unitId: number): Promise<SqlRow | undefined> {
  return await db.get(`SELECT * FROM certificates WHERE unit_id = ? AND state = 'active'`, unitId);
}

/** What links an attempt, ?2, at a unit, ?1, with the one before and with its supplement. */
const LINKS = 'follows, supplement';
const LINKED = `(SELECT max(attempt) FROM attempts WHERE unit_id = ?1 AND attempt < ?2),
  (SELECT supplement FROM units WHERE unit_id = ?1)`;

/** Whatever this attempt failed with before, it passed. */
async function recordPassedAttempt(
  db: SqlTransaction,
  unitId: number,
  registration: Registration,
): Promise<void> {
  const { attempt, stationId, socket, boardId, startedAt, verifiedAt } = registration;
  await db.run(
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
async function recordFailedAttempt(
  db: SqlTransaction,
  unitId: number,
  failure: AttemptFailure,
): Promise<void> {
  await db.run(
    `INSERT INTO attempts
       (unit_id, attempt, station, socket, board_id, started_at, finished_at, step, code, message, reason, ${LINKS})
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ${LINKED})
     ON CONFLICT (unit_id, attempt) DO UPDATE SET
       station = coalesce(attempts.station, excluded.station), socket = coalesce(attempts.socket, excluded.socket),
       board_id = coalesce(attempts.board_id, excluded.board_id),
       started_at = coalesce(attempts.started_at, excluded.started_at),
       finished_at = CASE WHEN attempts.code IS NULL THEN excluded.finished_at ELSE attempts.finished_at END,
       step = CASE WHEN attempts.code IS NULL THEN excluded.step ELSE attempts.step END,
       message = CASE WHEN attempts.code IS NULL THEN excluded.message ELSE attempts.message END,
       code = coalesce(attempts.code, excluded.code), reason = coalesce(excluded.reason, attempts.reason)`,
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

async function insertCertificate(
  db: SqlTransaction,
  unitId: number,
  registration: Registration,
  hasOldKey: boolean,
): Promise<void> {
  await db.run(
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
    hasOldKey ? 1 : 0,
  );
}

async function insertEvidence(
  db: SqlTransaction,
  unitId: number,
  { attempt, evidence }: Registration,
): Promise<void> {
  const bodies = Object.entries(evidence).filter(([, body]) => body !== undefined);
  if (bodies.length === 0) return;
  await db.run(
    `INSERT INTO evidence (unit_id, attempt, recorded_at, kind, body)
     VALUES ${bodies.map(() => '(?, ?, ?, ?, ?)').join(', ')}
     ON CONFLICT (unit_id, attempt, kind) DO UPDATE SET body = excluded.body, recorded_at = excluded.recorded_at`,
    ...bodies.flatMap(([kind, body]) => [
      unitId,
      attempt,
      new Date().toISOString(),
      kind,
      JSON.stringify(body),
    ]),
  );
}

function conflictWith(certificate: SqlRow, { serial }: { serial: string }, hence: string): RegistryError {
  const which = `certificate ${text(certificate, 'fingerprint')} (attempt ${integer(certificate, 'attempt')})`;
  return new RegistryError(
    'other-certificate',
    `Unit ${serial} ${hence}: ${which} is recorded as ${text(certificate, 'state')}. Find out which of them is real.`,
  );
}
