import type { Outcome } from '../../provisioning/outcome.ts';
import type { ResultRow } from '../../provisioning/result-row.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import type { Step } from '../../provisioning/step.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqliteConnection } from '../../sql/sqlite-connection.ts';
import { bytes, integer, present, text } from '../../sql/row.ts';
import type {
  AttemptRecord,
  CertifiedUnit,
  EvidenceRecord,
  RegisteredCertificate,
  UnitRecord,
  WaitingUnit,
} from '../registry.ts';
import { knownBatch } from './batch-records.ts';
import { unitDecisions } from './decisions.ts';

/** See Registry.unit. */
export function unitRecord(db: SqliteConnection, serial: string): UnitRecord | undefined {
  const row = db.get(
    'SELECT * FROM units JOIN batches USING (batch_id) WHERE serial_folded = ?',
    foldSerial(serial),
  );
  if (row === undefined) return undefined;
  const of = (table: string, order: string): SqlRow[] =>
    db.all(`SELECT * FROM ${table} WHERE unit_id = ? ORDER BY ${order}`, integer(row, 'unit_id'));
  return {
    serial: text(row, 'serial'),
    batchId: text(row, 'batch_id'),
    order: text(row, 'order_number'),
    row: integer(row, 'row_number'),
    product: text(row, 'product'),
    ...present(row, { boardId: 'board_wanted', code: 'code' }),
    attrs: JSON.parse(text(row, 'attrs')) as Record<string, string>,
    ...outcomeIn(row),
    attention: row['attention'] === 1,
    ...(row['step'] !== null && { step: stepIn(row) }),
    attempts: of('attempts', 'attempt').map(attemptRecord),
    certificates: of('certificates LEFT JOIN revocations USING (certificate_serial)', 'attempt').map(
      certificateRecord,
    ),
    evidence: of('evidence', 'attempt, kind').map(evidenceRecord),
    decisions: unitDecisions(db, integer(row, 'unit_id')),
  };
}

/** See Registry.waitingUnits. */
export function waitingUnits(db: SqliteConnection, batchId: string): WaitingUnit[] {
  knownBatch(db, batchId);
  const sql =
    'SELECT serial, step, code, attempts FROM units WHERE batch_id = ? AND attention = 1 ORDER BY row_number';
  return db.all(sql, batchId).map((row) => ({
    serial: text(row, 'serial'),
    step: stepIn(row),
    code: text(row, 'code'),
    attempt: integer(row, 'attempts'),
  }));
}

/** The units of a batch with row numbers from `after` + 1, at most `limit`, with their certificates. */
export function certifiedPage(
  db: SqliteConnection,
  batchId: string,
  after: number,
  limit: number,
): CertifiedUnit[] {
  const rows = db.all(
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

/** The result rows of the units of a batch with row numbers from `after` + 1, at most `limit`. */
export function resultPage(db: SqliteConnection, batchId: string, after: number, limit: number): ResultRow[] {
  const rows = db.all(
    `SELECT units.serial, units.product, units.outcome, units.code, units.attempts,
       certificates.certificate_serial, certificates.fingerprint, last.board_id, last.station, last.socket,
       first.started_at, last.finished_at
     FROM units
     LEFT JOIN certificates ON certificates.unit_id = units.unit_id AND certificates.state = 'active'
     LEFT JOIN attempts AS last ON last.unit_id = units.unit_id AND last.attempt = units.attempts
     LEFT JOIN attempts AS first ON first.unit_id = units.unit_id AND first.attempt =
       (SELECT min(attempt) FROM attempts WHERE attempts.unit_id = units.unit_id)
     WHERE units.batch_id = ? AND units.row_number > ? ORDER BY units.row_number LIMIT ?`,
    batchId,
    after,
    limit,
  );
  return rows.map(resultRow);
}

function resultRow(row: SqlRow): ResultRow {
  return {
    serial: text(row, 'serial'),
    product: text(row, 'product'),
    ...outcomeIn(row),
    ...present(row, {
      code: 'code',
      certificateSerial: 'certificate_serial',
      certificateSha256: 'fingerprint',
    }),
    ...present(row, { boardId: 'board_id', stationId: 'station', socket: 'socket' }),
    attempts: integer(row, 'attempts'),
    ...present(row, { startedAt: 'started_at', finishedAt: 'finished_at' }),
  };
}

function attemptRecord(row: SqlRow): AttemptRecord {
  return {
    attempt: integer(row, 'attempt'),
    ...present(row, { stationId: 'station', socket: 'socket', boardId: 'board_id' }),
    ...present(row, { startedAt: 'started_at', finishedAt: 'finished_at', code: 'code' }),
    ...present(row, { message: 'message', reason: 'reason' }),
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
    ...present(row, { endedAt: 'ended_at', reason: 'reason' }),
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
