import type { Outcome } from '../../provisioning/outcome.ts';
import type { ResultRow } from '../../provisioning/result-row.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import type { Step } from '../../provisioning/step.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { bytes, integer, present, text } from '../../sql/row.ts';
import type {
  AttemptRecord,
  CertifiedUnit,
  EvidenceRecord,
  RegisteredCertificate,
  UnitOnBoard,
  UnitRecord,
  WaitingUnit,
} from '../registry.ts';
import { knownBatch } from './batch-records.ts';
import { reworksOfUnit } from './reworks.ts';
import { unitDecisions } from './decisions.ts';

/** See Registry.unit. */
export async function unitRecord(db: SqlTransaction, serial: string): Promise<UnitRecord | undefined> {
  const row = await unitRow(db, foldSerial(serial));
  return row && (await unitIn(db, row));
}

/** The units of a batch with row numbers from `after` + 1, at most `limit`. */
export async function unitPage(
  db: SqlTransaction,
  batchId: string,
  after: number,
  limit: number,
): Promise<UnitRecord[]> {
  const sql = `SELECT * FROM units JOIN batches USING (batch_id)
    WHERE batch_id = ? AND row_number > ? ORDER BY row_number LIMIT ?`;
  const units = [];
  for (const row of await db.all(sql, batchId, after, limit)) units.push(await unitIn(db, row));
  return units;
}

/** `row`: of the unit and its batch. */
async function unitIn(db: SqlTransaction, row: SqlRow): Promise<UnitRecord> {
  const of = (table: string, order: string): Promise<SqlRow[]> =>
    db.all(`SELECT * FROM ${table} WHERE unit_id = ? ORDER BY ${order}`, integer(row, 'unit_id'));
  return {
    serial: text(row, 'serial'),
    batchId: text(row, 'batch_id'),
    order: text(row, 'order_number'),
    row: integer(row, 'row_number'),
    product: text(row, 'product'),
    ...present(row, { boardId: 'board_wanted', code: 'code', freedAt: 'freed_at' }),
    ...(row['board_freed'] !== null && { boardId: text(row, 'board_freed') }),
    ...(row['supplement'] !== null && { supplement: integer(row, 'supplement') }),
    lastAttempt: lastAttemptIn(row),
    releasedAttempt: integer(row, 'released_attempt'),
    attrs: JSON.parse(text(row, 'attrs')) as Record<string, string>,
    ...outcomeIn(row),
    attention: row['attention'] === 1,
    ...(row['step'] !== null && { step: stepIn(row) }),
    attempts: attemptRecords(await of('attempts', 'attempt')),
    certificates: (await of('certificates LEFT JOIN revocations USING (certificate_serial)', 'attempt')).map(
      certificateRecord,
    ),
    evidence: (await of('evidence', 'attempt, kind')).map(evidenceRecord),
    decisions: await unitDecisions(db, integer(row, 'unit_id')),
    reworks: await reworksOfUnit(db, integer(row, 'unit_id')),
  };
}

/** See Registry.unitsOnSameBoards. */
export async function unitsOnSameBoards(db: SqlTransaction, serial: string): Promise<UnitOnBoard[]> {
  const row = await unitRow(db, foldSerial(serial));
  if (row === undefined) return [];
  const sql = `SELECT serial, board_id, outcome, min(registered_at) AS registered_at
    FROM certificates JOIN units USING (unit_id)
    WHERE units.unit_id <> ?1 AND board_id IN (SELECT board_id FROM certificates WHERE unit_id = ?1)
    GROUP BY units.unit_id, board_id ORDER BY registered_at`;
  return (await db.all(sql, integer(row, 'unit_id'))).map((each) => ({
    serial: text(each, 'serial'),
    boardId: text(each, 'board_id'),
    ...outcomeIn(each),
    registeredAt: text(each, 'registered_at'),
  }));
}

/** See Registry.serialsWith. */
export async function serialsWith(db: SqlTransaction, key: string): Promise<string[]> {
  const sql = `SELECT serial FROM units WHERE unit_id IN (
      SELECT unit_id FROM units WHERE board_wanted = ?1
      UNION SELECT unit_id FROM certificates WHERE certificate_serial = ?1
      UNION SELECT unit_id FROM certificates WHERE board_id = ?1
      UNION SELECT unit_id FROM attempts WHERE board_id = ?1
    ) ORDER BY serial LIMIT 20`;
  return (await db.all(sql, key)).map((row) => text(row, 'serial'));
}

/** The unit that has the serial, or else the last one whose serial was freed. */
async function unitRow(db: SqlTransaction, folded: string): Promise<SqlRow | undefined> {
  const select = 'SELECT * FROM units JOIN batches USING (batch_id) WHERE';
  const bound = await db.get(`${select} serial_folded = ?`, folded);
  if (bound !== undefined) return bound;
  // '0' is the character after '/'.
  const freed = `${select} serial_folded > ?1 || '/' AND serial_folded < ?1 || '0' ORDER BY freed_at DESC LIMIT 1`;
  return await db.get(freed, folded);
}

/** A unit that runs again has an attempt under way that follows the one that ended, recorded or not. */
function lastAttemptIn(row: SqlRow): number {
  const further = row['ended_attempt'] === null ? 1 : integer(row, 'ended_attempt') + 1;
  return Math.max(integer(row, 'attempts'), row['outcome'] === null ? further : 1);
}

/** See Registry.waitingUnits. */
export async function waitingUnits(db: SqlTransaction, batchId: string): Promise<WaitingUnit[]> {
  await knownBatch(db, batchId);
  const sql =
    'SELECT serial, step, code, attempts FROM units WHERE batch_id = ? AND attention = 1 ORDER BY row_number';
  return (await db.all(sql, batchId)).map((row) => ({
    serial: text(row, 'serial'),
    step: stepIn(row),
    code: text(row, 'code'),
    attempt: integer(row, 'attempts'),
  }));
}

/** The units of a batch with row numbers from `after` + 1, at most `limit`, with their certificates. */
export async function certifiedPage(
  db: SqlTransaction,
  batchId: string,
  after: number,
  limit: number,
): Promise<CertifiedUnit[]> {
  const rows = await db.all(
    `SELECT units.serial, certificates.fingerprint, certificates.state
     FROM units LEFT JOIN certificates USING (unit_id)
     WHERE units.batch_id = ? AND units.row_number > ? AND units.row_number <= ?
     ORDER BY units.row_number, certificates.attempt`,
    batchId,
    after,
    after + limit,
  );
  const ofSerial = Map.groupBy(rows, (row) => text(row, 'serial'));
  return [...ofSerial].map(([serial, group]) => ({
    serial,
    certificates: group
      .filter((row) => row['fingerprint'] !== null)
      .map((row) => ({ certificateSha256: text(row, 'fingerprint'), state: stateIn(row) })),
  }));
}

/** See Registry.attributeNames. */
export async function attributeNames(db: SqlTransaction, batchId: string): Promise<string[]> {
  await knownBatch(db, batchId);
  const sql = `SELECT DISTINCT each.key AS name FROM units CROSS JOIN ${db.dialect.names('units.attrs')} WHERE batch_id = ? ORDER BY name`;
  return (await db.all(sql, batchId)).map((row) => text(row, 'name'));
}

/** The result rows of the units of a batch with row numbers from `after` + 1, at most `limit`. */
export async function resultPage(
  db: SqlTransaction,
  batchId: string,
  after: number,
  limit: number,
): Promise<ResultRow[]> {
  const page = [batchId, after, after + limit] as const;
  const rows = await db.all(
    `SELECT units.unit_id, units.serial, units.product, units.attrs, units.outcome, units.code, units.attempts,
       certificates.certificate_serial, certificates.fingerprint,
       coalesce(certificates.board_id, last.board_id) AS board_id, last.station, last.socket,
       first.started_at, last.finished_at, decided.verdict, decided.reason, decided.decided_by
     FROM units
     LEFT JOIN certificates ON certificates.unit_id = units.unit_id AND certificates.state = 'active'
     LEFT JOIN attempts AS last ON last.unit_id = units.unit_id AND last.attempt = units.attempts
     LEFT JOIN attempts AS first ON first.unit_id = units.unit_id AND first.attempt =
       (SELECT min(attempt) FROM attempts WHERE attempts.unit_id = units.unit_id)
     LEFT JOIN decisions AS decided ON decided.decision_id = ${LAST_DECISION}
     WHERE units.batch_id = ? AND units.row_number > ? AND units.row_number <= ? ORDER BY units.row_number`,
    ...page,
  );
  const worked = await db.all(
    `SELECT unit_id, attempts.started_at, attempts.finished_at FROM attempts JOIN units USING (unit_id)
     WHERE batch_id = ? AND row_number > ? AND row_number <= ? AND attempts.started_at IS NOT NULL
     ORDER BY unit_id, attempt`,
    ...page,
  );
  const ofUnit = Map.groupBy(worked, (row) => integer(row, 'unit_id'));
  return rows.map((row) => resultRow(row, ofUnit.get(integer(row, 'unit_id')) ?? []));
}

/** The last decision about a unit, or about its batch where that ended the unit. */
const LAST_DECISION = `(SELECT decision_id FROM decisions
  WHERE decisions.unit_id = units.unit_id OR (decisions.batch_id = units.batch_id AND decisions.unit_id IS NULL
    AND decisions.verdict IN ('cancel', 'withdraw', 'close', 'recover')
    AND units.code IN ('CANCELLED', 'CLOSED_SHORT', 'BATCH_CLOSED'))
  ORDER BY decided_at DESC, decision_id DESC LIMIT 1)`;

/** `worked`: its attempts that were begun, in order. */
function resultRow(row: SqlRow, worked: readonly SqlRow[]): ResultRow {
  return {
    serial: text(row, 'serial'),
    product: text(row, 'product'),
    attrs: JSON.parse(text(row, 'attrs')) as Record<string, string>,
    ...outcomeIn(row),
    ...present(row, {
      code: 'code',
      certificateSerial: 'certificate_serial',
      certificateSha256: 'fingerprint',
    }),
    ...present(row, { boardId: 'board_id', stationId: 'station', socket: 'socket' }),
    attempts: integer(row, 'attempts'),
    ...present(row, { startedAt: 'started_at', finishedAt: 'finished_at' }),
    ...(worked.length > 0 && { seconds: secondsOf(worked) }),
    ...present(row, { decision: 'verdict', reason: 'reason', decidedBy: 'decided_by' }),
  };
}

/**
 * Seconds in which an attempt was under way, to the millisecond. The time between two attempts is waiting. The second of two
 * attempts that share their beginning only repeated the registration.
 */
function secondsOf(attempts: readonly SqlRow[]): number {
  let [total, until] = [0, 0];
  for (const row of attempts) {
    const end = row['finished_at'] === null ? 0 : Date.parse(text(row, 'finished_at'));
    total += Math.max(0, end - Math.max(until, Date.parse(text(row, 'started_at'))));
    until = Math.max(until, end);
  }
  return total / 1_000;
}

/** The attempts of one unit, in order: a later one is a rework where something was changed, and else a retest. */
function attemptRecords(rows: readonly SqlRow[]): AttemptRecord[] {
  return rows.map((row, at) => {
    const [board, before] = [row['board_id'], rows[at - 1]?.['board_id']];
    const isChanged = board !== null && before !== null && before !== undefined && board !== before;
    const isRework = row['rework_id'] !== null || isChanged;
    return attemptRecord(row, at === 0 ? 'first' : isRework ? 'rework' : 'retest');
  });
}

function attemptRecord(row: SqlRow, cause: AttemptRecord['cause']): AttemptRecord {
  return {
    attempt: integer(row, 'attempt'),
    cause,
    ...present(row, { stationId: 'station', socket: 'socket', boardId: 'board_id' }),
    ...present(row, { startedAt: 'started_at', finishedAt: 'finished_at', code: 'code' }),
    ...present(row, { message: 'message', reason: 'reason', reworkId: 'rework_id' }),
    ...(row['follows'] !== null && { follows: integer(row, 'follows') }),
    ...(row['supplement'] !== null && { supplement: integer(row, 'supplement') }),
    step: stepIn(row),
  };
}

function certificateRecord(row: SqlRow): RegisteredCertificate {
  return {
    certificateSha256: text(row, 'fingerprint'),
    certificateSerial: text(row, 'certificate_serial'),
    spkiSha256: text(row, 'spki_sha256'),
    attempt: integer(row, 'attempt'),
    boardId: text(row, 'board_id'),
    state: stateIn(row),
    notBefore: text(row, 'not_before'),
    notAfter: text(row, 'not_after'),
    registeredAt: text(row, 'registered_at'),
    ...present(row, { endedAt: 'ended_at', reason: 'reason', supersedes: 'supersedes' }),
    certificate: bytes(row, 'der'),
  };
}

function evidenceRecord(row: SqlRow): EvidenceRecord {
  return {
    attempt: integer(row, 'attempt'),
    kind: text(row, 'kind'),
    body: JSON.parse(text(row, 'body')) as unknown,
    recordedAt: text(row, 'recorded_at'),
  };
}

function outcomeIn(row: SqlRow): { outcome?: Outcome } {
  return row['outcome'] === null ? {} : { outcome: text(row, 'outcome') as Outcome };
}

function stateIn(row: SqlRow): RegisteredCertificate['state'] {
  return text(row, 'state') as RegisteredCertificate['state'];
}

function stepIn(row: SqlRow): Step {
  return text(row, 'step') as Step;
}
