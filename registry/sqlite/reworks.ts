import type {
  EndReworkUnitInput,
  OpenedRework,
  RefuseReworkInput,
  RecordReworkFailureInput,
  ReworkFailure,
  ReworkInput,
  ReworkKind,
  ReworkOfUnit,
  ReworkRefusal,
  ReworkResult,
  ReworkUnit,
} from '../../provisioning/rework.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import type { Step } from '../../provisioning/step.ts';
import { bytes, integer, present, text } from '../../sql/row.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqliteConnection } from '../../sql/sqlite-connection.ts';
import type { ReworkOfRecord, ReworkRecord, ReworkUnitRecord } from '../registry.ts';
import { insertDecision } from './decisions.ts';
import { unitIdOf } from './unit-id.ts';

/** What decides whether a unit can be reworked: also its certificate that is in use, and the rework that it is in. */
const SELECT_UNIT = `SELECT units.*, fingerprint,
    (SELECT coalesce(max(last_attempt), 0) FROM rework_units WHERE rework_units.unit_id = units.unit_id) AS last_rework,
    (SELECT rework_id FROM rework_units WHERE rework_units.unit_id = units.unit_id AND ended_at IS NULL) AS open_rework
  FROM units LEFT JOIN certificates ON certificates.unit_id = units.unit_id
    AND certificates.state = 'active'`;

/** See Registry.openRework. Runs inside a transaction. */
export function openRework(db: SqliteConnection, asked: ReworkInput): OpenedRework {
  const { reworkId, kind, reason, by, order, serials } = asked;
  if (db.get('SELECT 1 FROM reworks WHERE rework_id = ?', reworkId) === undefined) {
    const found = serials.map((serial) => ({
      serial,
      row: db.get(`${SELECT_UNIT} WHERE serial_folded = ?`, foldSerial(serial)),
    }));
    const refusals = found.flatMap(({ serial, row }) => refusalOf(serial, row, kind));
    if (refusals.length > 0) return { units: [], refusals };
    db.run(
      'INSERT INTO reworks (rework_id, kind, reason, decided_by, order_number, opened_at) VALUES (?, ?, ?, ?, ?, ?)',
      reworkId,
      kind,
      reason,
      by,
      order,
      new Date().toISOString(),
    );
    for (const [at, { row }] of found.entries()) insertUnit(db, reworkId, at + 1, row!);
  }
  const rows = db.all(
    `SELECT units.serial, units.product, units.batch_id, board_wanted, order_number, first_attempt, certificates.attempt AS old_attempt,
       certificates.board_id, fingerprint, spki_sha256, der
     FROM rework_units JOIN units USING (unit_id) JOIN batches USING (batch_id)
       JOIN certificates ON fingerprint = old_fingerprint
     WHERE rework_id = ? ORDER BY rework_units.row_number`,
    reworkId,
  );
  return { units: rows.map((row) => unitIn(row, order)), refusals: [] };
}

function refusalOf(serial: string, row: SqlRow | undefined, kind: ReworkKind): ReworkRefusal[] {
  const why = whyNot(row, kind);
  return why === undefined ? [] : [{ serial, why }];
}

function whyNot(row: SqlRow | undefined, kind: ReworkKind): string | undefined {
  if (row === undefined) return 'is in no batch';
  if (row['outcome'] !== 'PASS') {
    const standing = row['outcome'] === null ? 'has not ended' : `ended as ${text(row, 'outcome')}`;
    return `${standing}, and only units that passed are reworked`;
  }
  if (row['open_rework'] !== null) return `is in the rework ${text(row, 'open_rework')}, which has not ended`;
  if (row['fingerprint'] === null) return 'has no active certificate: it was revoked';
  if (kind === 'swap' && row['board_wanted'] !== null)
    return 'cannot move to another board: its manifest names its board';
  return undefined;
}

function insertUnit(db: SqliteConnection, reworkId: string, row: number, unit: SqlRow): void {
  db.run(
    `INSERT INTO rework_units (rework_id, row_number, unit_id, first_attempt, old_fingerprint) VALUES (?, ?, ?, ?, ?)`,
    reworkId,
    row,
    integer(unit, 'unit_id'),
    Math.max(integer(unit, 'attempts'), integer(unit, 'last_rework')) + 1,
    text(unit, 'fingerprint'),
  );
}

function unitIn(row: SqlRow, order: string | undefined): ReworkUnit {
  return {
    serial: text(row, 'serial'),
    product: text(row, 'product'),
    batchId: text(row, 'batch_id'),
    order: order ?? text(row, 'order_number'),
    attempt: integer(row, 'first_attempt'),
    ...present(row, { boardId: 'board_wanted' }),
    heldBoardId: text(row, 'board_id'),
    oldAttempt: integer(row, 'old_attempt'),
    oldFingerprint: text(row, 'fingerprint'),
    oldSpkiSha256: text(row, 'spki_sha256'),
    oldCertificate: Buffer.from(bytes(row, 'der')).toString('base64'),
  };
}

/** See Registry.refuseRework. Runs inside a transaction. */
export function refuseRework(db: SqliteConnection, { reworkId, code, message }: RefuseReworkInput): void {
  const now = new Date().toISOString();
  db.run('UPDATE reworks SET refusal = ? WHERE rework_id = ?', message, reworkId);
  db.run(
    `UPDATE rework_units SET result = 'kept', code = ?, ended_at = ? WHERE rework_id = ? AND ended_at IS NULL`,
    code,
    now,
    reworkId,
  );
}

/** See Registry.recordWipe. Runs inside a transaction. */
export function recordWipe(db: SqliteConnection, { reworkId, unit }: ReworkOfUnit): void {
  db.run(
    `UPDATE certificates SET state = 'superseded', ended_at = ? WHERE state = 'active' AND fingerprint =
       (SELECT old_fingerprint FROM rework_units WHERE rework_id = ? AND unit_id = ?)`,
    new Date().toISOString(),
    reworkId,
    unitIdOf(db, unit),
  );
}

/** See Registry.recordReworkFailure. Runs inside a transaction. */
export function recordReworkFailure(db: SqliteConnection, input: RecordReworkFailureInput): void {
  const { reworkId, unit, failure } = input;
  const unitId = unitIdOf(db, unit);
  insertAttempt(db, { reworkId, unitId, attempt: unit.attempt }, failure);
  db.run(
    `UPDATE rework_units SET attention = 1, step = ?, code = ?, message = ?
     WHERE rework_id = ? AND unit_id = ? AND ended_at IS NULL`,
    failure.step,
    failure.code,
    failure.message,
    reworkId,
    unitId,
  );
}

/** See Registry.endReworkUnit. Runs inside a transaction. */
export function endReworkUnit(db: SqliteConnection, input: EndReworkUnitInput): void {
  const { reworkId, unit, result, outcome, failure, decision } = input;
  const { attempt, batchId } = unit;
  const unitId = unitIdOf(db, unit);
  if (!closeUnit(db, { reworkId, unitId, result, code: failure?.code ?? outcome?.code })) return;
  // The signer signs nothing for it any more: the next rework begins after it.
  const last = 'UPDATE rework_units SET last_attempt = ? WHERE rework_id = ? AND unit_id = ?';
  db.run(last, attempt, reworkId, unitId);
  if (failure !== undefined) insertAttempt(db, { reworkId, unitId, attempt }, failure);
  if (decision !== undefined) insertDecision(db, { batchId, unitId, attempt }, decision);
  if (outcome === undefined) return;
  db.run(
    `UPDATE certificates SET state = 'revoked', ended_at = ? WHERE unit_id = ? AND state = 'active'`,
    new Date().toISOString(),
    unitId,
  );
  const sql = 'UPDATE units SET outcome = ?, attention = 0, code = ? WHERE unit_id = ?';
  db.run(sql, outcome.outcome, outcome.code, unitId);
}

/** A certificate of a rework is registered: its unit is done. Runs inside the transaction of the registration. */
export function passRework(
  db: SqliteConnection,
  passed: { readonly reworkId: string; readonly unitId: number; readonly attempt: number },
): void {
  const { reworkId, unitId, attempt } = passed;
  closeUnit(db, { reworkId, unitId, result: 'done', code: undefined });
  db.run('UPDATE attempts SET rework_id = ? WHERE unit_id = ? AND attempt = ?', reworkId, unitId, attempt);
  db.run(
    `UPDATE certificates SET supersedes = (SELECT old_fingerprint FROM rework_units WHERE rework_id = ?1 AND unit_id = ?2)
     WHERE unit_id = ?2 AND attempt = ?3`,
    reworkId,
    unitId,
    attempt,
  );
}

/** Whether a unit's key may be certified again: its certificate is being renewed. */
export function isRenewal(db: SqliteConnection, reworkId: string, unitId: number): boolean {
  const sql = `SELECT 1 FROM reworks JOIN rework_units USING (rework_id)
    WHERE rework_id = ? AND unit_id = ? AND kind = 'renew' AND rework_units.ended_at IS NULL`;
  return db.get(sql, reworkId, unitId) !== undefined;
}

/** See Registry.reworks. */
export function reworks(db: SqliteConnection): ReworkRecord[] {
  return db
    .all('SELECT * FROM reworks ORDER BY opened_at DESC, rework_id DESC')
    .map((row) => reworkIn(db, row));
}

/** See Registry.rework. */
export function rework(db: SqliteConnection, reworkId: string): ReworkRecord | undefined {
  const row = db.get('SELECT * FROM reworks WHERE rework_id = ?', reworkId);
  return row && reworkIn(db, row);
}

/** The reworks of one unit, the oldest first. */
export function reworksOfUnit(db: SqliteConnection, unitId: number): ReworkOfRecord[] {
  const sql = `SELECT reworks.*, rework_units.result FROM reworks JOIN rework_units USING (rework_id) WHERE unit_id = ?
    ORDER BY opened_at, rework_id`;
  return db.all(sql, unitId).map((row) => ({
    ...askedIn(row),
    isOpen: row['result'] === null,
    ...(row['result'] !== null && { result: text(row, 'result') as ReworkResult }),
  }));
}

/** False where it has ended already. */
function closeUnit(
  db: SqliteConnection,
  end: {
    readonly reworkId: string;
    readonly unitId: number;
    readonly result: ReworkResult;
    readonly code: string | undefined;
  },
): boolean {
  const { reworkId, unitId, result, code } = end;
  const sql = `UPDATE rework_units SET attention = 0, result = ?, code = ?, ended_at = ?
    WHERE rework_id = ? AND unit_id = ? AND ended_at IS NULL`;
  return db.run(sql, result, code, new Date().toISOString(), reworkId, unitId) > 0;
}

/** What it failed with first stays. */
function insertAttempt(
  db: SqliteConnection,
  id: { readonly reworkId: string; readonly unitId: number; readonly attempt: number },
  failure: ReworkFailure,
): void {
  const { reworkId, unitId, attempt } = id;
  const { step, code, message, claim, startedAt } = failure;
  db.run(
    `INSERT INTO attempts (unit_id, attempt, rework_id, station, socket, board_id, started_at, finished_at, step, code, message)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    unitId,
    attempt,
    reworkId,
    claim?.stationId,
    claim?.socket,
    claim?.boardId,
    startedAt,
    new Date().toISOString(),
    step,
    code,
    message,
  );
  db.run('UPDATE units SET attempts = max(attempts, ?) WHERE unit_id = ?', attempt, unitId);
}

function reworkIn(db: SqliteConnection, row: SqlRow): ReworkRecord {
  const reworkId = text(row, 'rework_id');
  const units = db
    .all(
      `SELECT rework_units.*, serial FROM rework_units JOIN units USING (unit_id) WHERE rework_id = ? ORDER BY rework_units.row_number`,
      reworkId,
    )
    .map(reworkUnitIn);
  const ends = units.map(({ endedAt }) => endedAt);
  const closedAt = ends.every((end) => end !== undefined) ? ends.toSorted().at(-1) : undefined;
  return { ...askedIn(row), ...(closedAt !== undefined && { closedAt }), units };
}

function askedIn(row: SqlRow): Omit<ReworkRecord, 'units' | 'closedAt'> {
  return {
    reworkId: text(row, 'rework_id'),
    kind: text(row, 'kind') as ReworkKind,
    reason: text(row, 'reason'),
    by: text(row, 'decided_by'),
    openedAt: text(row, 'opened_at'),
    ...present(row, { order: 'order_number', refusal: 'refusal' }),
  };
}

function reworkUnitIn(row: SqlRow): ReworkUnitRecord {
  return {
    serial: text(row, 'serial'),
    firstAttempt: integer(row, 'first_attempt'),
    attention: row['attention'] === 1,
    ...(row['result'] !== null && { result: text(row, 'result') as ReworkResult }),
    ...(row['step'] !== null && { step: text(row, 'step') as Step }),
    ...present(row, { code: 'code', message: 'message', endedAt: 'ended_at' }),
  };
}
