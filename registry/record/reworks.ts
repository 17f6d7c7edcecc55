import type {
  EndReworkUnitInput,
  OpenedRework,
  OpenedReworkUnit,
  RefuseReworkInput,
  RecordReworkFailureInput,
  ReworkFailure,
  ReworkInput,
  ReworkKind,
  ReworkOfUnit,
  ReworkRefusal,
  ReworkResult,
} from '../../provisioning/rework.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import { keepsOldCertificate } from '../../provisioning/rework.ts';
import type { Step } from '../../provisioning/step.ts';
import { bytes, integer, present, text } from '../../sql/row.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { RegistryError } from '../registry-error.ts';
import type { ReworkOfRecord, ReworkRecord, ReworkUnitRecord } from '../registry.ts';
import { insertDecision } from './decisions.ts';
import { unitChanged } from './late-answers.ts';
import { callBackUnit, oneUnit, withdrawAgain } from './outbox-entries.ts';
import { mustFollow } from './attempt-numbers.ts';
import { unitIdOf } from './unit-id.ts';

/** What decides whether a unit can be reworked: also its certificate that is in use, and the rework that it is in. */
const SELECT_UNIT = `SELECT units.*, fingerprint,
    (SELECT coalesce(max(last_attempt), 0) FROM rework_units WHERE rework_units.unit_id = units.unit_id) AS last_rework,
    (SELECT rework_id FROM rework_units WHERE rework_units.unit_id = units.unit_id AND ended_at IS NULL) AS open_rework
  FROM units LEFT JOIN certificates ON certificates.unit_id = units.unit_id
    AND certificates.state = 'active'`;

/** See Registry.openRework. Runs inside a transaction. */
export async function openRework(db: SqlTransaction, asked: ReworkInput): Promise<OpenedRework> {
  const { reworkId, kind, reason, by, order, serials } = asked;
  if ((await db.get('SELECT 1 FROM reworks WHERE rework_id = ?', reworkId)) === undefined) {
    const found = [];
    for (const serial of serials) {
      const row = await db.get(`${SELECT_UNIT} WHERE serial_folded = ?`, foldSerial(serial));
      found.push({ serial, row });
    }
    const refusals = found.flatMap(({ serial, row }) => refusalOf(serial, row, kind));
    if (refusals.length > 0) return { units: [], refusals };
    await db.run(
      'INSERT INTO reworks (rework_id, kind, reason, decided_by, order_number, opened_at) VALUES (?, ?, ?, ?, ?, ?)',
      reworkId,
      kind,
      reason,
      by,
      order,
      new Date().toISOString(),
    );
    for (const [at, { row }] of found.entries()) await insertUnit(db, reworkId, at + 1, row!);
  }
  const rows = await db.all(
    `SELECT units.serial, units.product, units.batch_id, board_wanted, order_number, first_attempt, result, certificates.attempt AS old_attempt,
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
  if (row['open_rework'] !== null) {
    const open = text(row, 'open_rework');
    return `is in the rework ${open}, which has not ended: see "certline rework show ${open}"`;
  }
  if (row['fingerprint'] === null) return 'has no active certificate: it was revoked';
  if (kind === 'swap' && row['board_wanted'] !== null)
    return 'cannot move to another board: its manifest names its board';
  return undefined;
}

async function insertUnit(db: SqlTransaction, reworkId: string, row: number, unit: SqlRow): Promise<void> {
  await db.run(
    `INSERT INTO rework_units (rework_id, row_number, unit_id, first_attempt, old_fingerprint) VALUES (?, ?, ?, ?, ?)`,
    reworkId,
    row,
    integer(unit, 'unit_id'),
    // The signer permits none that comes before one that it was asked for.
    Math.max(...['attempts', 'last_rework', 'released_attempt'].map((of) => integer(unit, of))) + 1,
    text(unit, 'fingerprint'),
  );
}

function unitIn(row: SqlRow, order: string | undefined): OpenedReworkUnit {
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
    ...(row['result'] !== null && { result: text(row, 'result') as ReworkResult }),
  };
}

/** See Registry.refuseRework. Runs inside a transaction. */
export async function refuseRework(
  db: SqlTransaction,
  { reworkId, code, message }: RefuseReworkInput,
): Promise<void> {
  const now = new Date().toISOString();
  await db.run('UPDATE reworks SET refusal = ? WHERE rework_id = ?', message, reworkId);
  await db.run(
    `UPDATE rework_units SET result = 'kept', code = ?, ended_at = ? WHERE rework_id = ? AND ended_at IS NULL`,
    code,
    now,
    reworkId,
  );
}

/** See Registry.recordWipe. Runs inside a transaction. */
export async function recordWipe(db: SqlTransaction, { reworkId, unit }: ReworkOfUnit): Promise<void> {
  const unitId = await unitIdOf(db, unit);
  const open = await openReworkUnit(db, reworkId, unitId);
  if (open === undefined) throw notUnderWay(unit.serial, reworkId);
  refuseEndOfKept(open, unit.serial);
  await db.run(
    `UPDATE certificates SET state = 'superseded', ended_at = ? WHERE state = 'active' AND fingerprint =
       (SELECT old_fingerprint FROM rework_units WHERE rework_id = ? AND unit_id = ?)`,
    new Date().toISOString(),
    reworkId,
    unitId,
  );
  await callBackUnit(db, unitId);
  await unitChanged(db, unitId);
}

/** See Registry.recordReworkFailure. Runs inside a transaction. */
export async function recordReworkFailure(
  db: SqlTransaction,
  input: RecordReworkFailureInput,
): Promise<void> {
  const { reworkId, unit, failure } = input;
  const unitId = await unitIdOf(db, unit);
  if ((await openReworkUnit(db, reworkId, unitId)) === undefined) {
    // What comes after its end changes nothing; of a rework that never was, it is refused.
    await recordedResult(db, reworkId, unitId);
    return;
  }
  await mustFollow(db, unitId, unit);
  await insertAttempt(db, { reworkId, unitId, attempt: unit.attempt }, failure);
  await db.run(
    `UPDATE rework_units SET attention = 1, step = ?, code = ?, message = ?
     WHERE rework_id = ? AND unit_id = ?`,
    failure.step,
    failure.code,
    failure.message,
    reworkId,
    unitId,
  );
}

/** See Registry.endReworkUnit. Runs inside a transaction. */
export async function endReworkUnit(db: SqlTransaction, input: EndReworkUnitInput): Promise<ReworkResult> {
  const { reworkId, unit, result, outcome, failure, decision } = input;
  const { attempt, batchId } = unit;
  const unitId = await unitIdOf(db, unit);
  const open = await openReworkUnit(db, reworkId, unitId);
  if (open === undefined) return await recordedResult(db, reworkId, unitId);
  if (outcome !== undefined) refuseEndOfKept(open, unit.serial);
  await mustFollow(db, unitId, unit);
  await closeUnit(db, {
    reworkId,
    unitId,
    result,
    code: failure?.code ?? outcome?.code,
    message: failure?.message,
  });
  // The signer signs nothing for it any more: the next rework begins after it.
  const last = 'UPDATE rework_units SET last_attempt = ? WHERE rework_id = ? AND unit_id = ?';
  await db.run(last, attempt, reworkId, unitId);
  if (failure !== undefined) await insertAttempt(db, { reworkId, unitId, attempt }, failure);
  if (decision !== undefined) await insertDecision(db, { batchId, unitId, attempt }, decision);
  if (outcome !== undefined) await revokeActive(db, unitId);
  await withdrawAgain(db, oneUnit(unitId));
  if (outcome === undefined) return result;
  const sql = 'UPDATE units SET outcome = ?, attention = 0, code = ? WHERE unit_id = ?';
  await db.run(sql, outcome.outcome, outcome.code, unitId);
  return result;
}

async function revokeActive(db: SqlTransaction, unitId: number): Promise<void> {
  await db.run(
    `UPDATE certificates SET state = 'revoked', ended_at = ? WHERE unit_id = ? AND state = 'active'`,
    new Date().toISOString(),
    unitId,
  );
}

async function recordedResult(db: SqlTransaction, reworkId: string, unitId: number): Promise<ReworkResult> {
  const sql = 'SELECT result FROM rework_units WHERE rework_id = ? AND unit_id = ?';
  const row = await db.get(sql, reworkId, unitId);
  if (row !== undefined) return text(row, 'result') as ReworkResult;
  throw new RegistryError('unknown-unit', `The registry has no such unit in the rework ${reworkId}.`);
}

/** A certificate of a rework is registered: its unit is done. Runs inside the transaction of the registration. */
export async function passRework(
  db: SqlTransaction,
  passed: { readonly reworkId: string; readonly unitId: number; readonly attempt: number },
): Promise<void> {
  const { reworkId, unitId, attempt } = passed;
  await closeUnit(db, { reworkId, unitId, result: 'done', code: undefined, message: undefined });
  await db.run(
    'UPDATE attempts SET rework_id = ? WHERE unit_id = ? AND attempt = ?',
    reworkId,
    unitId,
    attempt,
  );
  await db.run(
    `UPDATE certificates SET supersedes = (SELECT old_fingerprint FROM rework_units WHERE rework_id = ?1 AND unit_id = ?2)
     WHERE unit_id = ?2 AND attempt = ?3`,
    reworkId,
    unitId,
    attempt,
  );
}

/** A unit in a rework that has not ended. */
interface OpenReworkUnit {
  readonly kind: ReworkKind;
  /** The attempt whose certificate it had when the rework began. */
  readonly oldAttempt: number;
}

/** Undefined where the unit is not in this rework, or it has ended for it: anybody may name one. */
export async function openReworkUnit(
  db: SqlTransaction,
  reworkId: string,
  unitId: number,
): Promise<OpenReworkUnit | undefined> {
  const sql = `SELECT kind, certificates.attempt AS old_attempt FROM reworks JOIN rework_units USING (rework_id)
    JOIN certificates ON fingerprint = old_fingerprint
    WHERE rework_id = ? AND rework_units.unit_id = ? AND rework_units.ended_at IS NULL`;
  const row = await db.get(sql, reworkId, unitId);
  return row && { kind: text(row, 'kind') as ReworkKind, oldAttempt: integer(row, 'old_attempt') };
}

/** No person asked for that: anybody who reaches Temporal can say how a rework ended. */
function refuseEndOfKept({ kind }: OpenReworkUnit, serial: string): void {
  if (!keepsOldCertificate(kind)) return;
  const message = `Unit ${serial}: its rework was to ${kind} it, which ends no certificate: find out who sent it.`;
  throw new RegistryError('not-active', message);
}

function notUnderWay(serial: string, reworkId: string): RegistryError {
  return new RegistryError(
    'not-active',
    `Unit ${serial} is not in the rework ${reworkId}, or has ended in it.`,
  );
}

/** See Registry.reworks. */
export async function reworks(db: SqlTransaction): Promise<ReworkRecord[]> {
  const records = [];
  for (const row of await db.all('SELECT * FROM reworks ORDER BY opened_at DESC, rework_id DESC'))
    records.push(await reworkIn(db, row));
  return records;
}

/** See Registry.rework. */
export async function rework(db: SqlTransaction, reworkId: string): Promise<ReworkRecord | undefined> {
  const row = await db.get('SELECT * FROM reworks WHERE rework_id = ?', reworkId);
  return row && (await reworkIn(db, row));
}

/** The reworks of one unit, the oldest first. */
export async function reworksOfUnit(db: SqlTransaction, unitId: number): Promise<ReworkOfRecord[]> {
  const sql = `SELECT reworks.*, rework_units.result FROM reworks JOIN rework_units USING (rework_id) WHERE unit_id = ?
    ORDER BY opened_at, rework_id`;
  return (await db.all(sql, unitId)).map((row) => ({
    ...askedIn(row),
    isOpen: row['result'] === null,
    ...(row['result'] !== null && { result: text(row, 'result') as ReworkResult }),
  }));
}

async function closeUnit(
  db: SqlTransaction,
  end: {
    readonly reworkId: string;
    readonly unitId: number;
    readonly result: ReworkResult;
    readonly code: string | undefined;
    readonly message: string | undefined;
  },
): Promise<void> {
  const { reworkId, unitId, result, code, message } = end;
  const sql = `UPDATE rework_units SET attention = 0, result = ?, code = ?, message = ?, ended_at = ?
    WHERE rework_id = ? AND unit_id = ? AND ended_at IS NULL`;
  await db.run(sql, result, code, message, new Date().toISOString(), reworkId, unitId);
  await unitChanged(db, unitId);
}

/** What it failed with first stays. */
async function insertAttempt(
  db: SqlTransaction,
  id: { readonly reworkId: string; readonly unitId: number; readonly attempt: number },
  failure: ReworkFailure,
): Promise<void> {
  const { reworkId, unitId, attempt } = id;
  const { step, code, message, claim, startedAt } = failure;
  await db.run(
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
  await db.run('UPDATE units SET attempts = ?1 WHERE unit_id = ?2 AND attempts < ?1', attempt, unitId);
}

async function reworkIn(db: SqlTransaction, row: SqlRow): Promise<ReworkRecord> {
  const reworkId = text(row, 'rework_id');
  const units = (
    await db.all(
      `SELECT rework_units.*, serial FROM rework_units JOIN units USING (unit_id) WHERE rework_id = ? ORDER BY rework_units.row_number`,
      reworkId,
    )
  ).map(reworkUnitIn);
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
