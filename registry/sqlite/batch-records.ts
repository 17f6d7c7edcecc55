import type { Outcome } from '../../provisioning/outcome.ts';
import type { ChunkRow } from '../../provisioning/batch.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqliteConnection } from '../../sql/sqlite-connection.ts';
import { RegistryError } from '../registry-error.ts';
import type { BatchRecord, BatchSummary, RegisteredKey } from '../registry.ts';
import { integer, present, text } from '../../sql/row.ts';

/** A row of table batches as a record. */
function batchRecord(row: SqlRow): BatchRecord {
  return {
    batchId: text(row, 'batch_id'),
    order: text(row, 'order_number'),
    manifest: text(row, 'manifest'),
    manifestSha256: text(row, 'sha256'),
    quantity: integer(row, 'row_count'),
    state: text(row, 'state') as BatchRecord['state'],
    importedAt: text(row, 'imported_at'),
    ...present(row, { startedAt: 'started_at', closedAt: 'closed_at' }),
  };
}

/** The batch, or REGISTRY_FAULT. */
export function knownBatch(db: SqliteConnection, batchId: string): BatchRecord {
  const batch = batchWithId(db, batchId);
  if (batch !== undefined) return batch;
  throw new RegistryError(
    'unknown-batch',
    `The registry has no batch ${batchId}: submit its manifest first.`,
  );
}

/** The batch with this id, or undefined. */
export function batchWithId(db: SqliteConnection, batchId: string): BatchRecord | undefined {
  const row = db.get('SELECT * FROM batches WHERE batch_id = ?', batchId);
  return row && batchRecord(row);
}

/** The batch whose manifest has this content, or undefined. */
export function batchWithContent(db: SqliteConnection, sha256: string): BatchRecord | undefined {
  const row = db.get(
    `SELECT batches.*, (SELECT min(freed_at) FROM units WHERE units.batch_id = batches.batch_id) AS freed_at
     FROM batches WHERE sha256 = ?`,
    sha256,
  );
  return row && { ...batchRecord(row), ...present(row, { freedAt: 'freed_at' }) };
}

/** See Registry.listBatches. */
export function listBatches(db: SqliteConnection): BatchRecord[] {
  return db.all('SELECT * FROM batches ORDER BY imported_at DESC, batch_id DESC').map(batchRecord);
}

/** See Registry.recordStart. Runs inside a transaction. */
export function recordStart(db: SqliteConnection, batchId: string): void {
  knownBatch(db, batchId);
  const sql = 'UPDATE batches SET started_at = coalesce(started_at, ?) WHERE batch_id = ?';
  db.run(sql, new Date().toISOString(), batchId);
}

/** See Registry.endOpenUnits. Runs inside a transaction. */
export function endOpenUnits(
  db: SqliteConnection,
  batchId: string,
  outcome: Exclude<Outcome, 'PASS'>,
  code: string,
  supplement: number | undefined,
): void {
  knownBatch(db, batchId);
  const sql = `UPDATE units SET outcome = ?, attention = 0, code = ?
    WHERE batch_id = ? AND outcome IS NULL AND supplement IS ?`;
  db.run(sql, outcome, code, batchId, supplement);
}

/** See Registry.numberResult. Runs inside a transaction. */
export function numberResult(db: SqliteConnection, batchId: string): number {
  knownBatch(db, batchId);
  db.run('UPDATE batches SET result_version = result_version + 1 WHERE batch_id = ?', batchId);
  return integer(db.get('SELECT result_version AS n FROM batches WHERE batch_id = ?', batchId)!, 'n');
}

/** See Registry.openUnits. */
export function openUnits(db: SqliteConnection, batchId: string, supplement: number | undefined): number {
  knownBatch(db, batchId);
  const sql = 'SELECT count(*) AS n FROM units WHERE batch_id = ? AND outcome IS NULL AND supplement IS ?';
  return integer(db.get(sql, batchId, supplement)!, 'n');
}

/** See Registry.closeBatch. Runs inside a transaction. */
export function closeBatch(db: SqliteConnection, batchId: string, supplement: number | undefined): void {
  knownBatch(db, batchId);
  const now = new Date().toISOString();
  if (supplement === undefined)
    db.run('UPDATE batches SET closed_at = coalesce(closed_at, ?) WHERE batch_id = ?', now, batchId);
  else {
    const sql = 'UPDATE supplements SET closed_at = coalesce(closed_at, ?) WHERE batch_id = ? AND number = ?';
    db.run(sql, now, batchId, supplement);
  }
  db.run(
    `UPDATE batches SET state = 'closed' WHERE batch_id = ?1 AND closed_at IS NOT NULL AND NOT EXISTS (
       SELECT 1 FROM supplements WHERE supplements.batch_id = ?1 AND supplements.closed_at IS NULL)`,
    batchId,
  );
}

/** See Registry.chunkRows. */
export function chunkRows(
  db: SqliteConnection,
  batchId: string,
  chunk: number,
  size: number,
  supplement: number | undefined,
): ChunkRow[] {
  knownBatch(db, batchId);
  const page = [(chunk - 1) * size, chunk * size];
  const rows =
    supplement === undefined
      ? db.all(FIRST_RUN_ROWS, batchId, ...page)
      : db.all(SUPPLEMENT_ROWS, batchId, ...page, supplement);
  return rows.map((row) => ({
    serial: text(row, 'serial'),
    product: text(row, 'product'),
    ...present(row, { boardId: 'board_wanted' }),
    ...(row['outcome'] !== null && { outcome: text(row, 'outcome') as Outcome }),
    ...(row['is_reused'] === 1 && { isReused: true as const }),
    ...(supplement !== undefined && { attempt: integer(row, 'ended_attempt') }),
  }));
}

const FIRST_RUN_ROWS = `SELECT serial, product, coalesce(board_wanted, board_freed) AS board_wanted,
    coalesce(outcome, (SELECT before.outcome FROM supplement_units AS before
      WHERE before.unit_id = units.unit_id ORDER BY before.number LIMIT 1)) AS outcome,
    EXISTS (SELECT 1 FROM units AS freed WHERE freed.serial_folded > units.serial_folded || '/'
      AND freed.serial_folded < units.serial_folded || '0') AS is_reused
  FROM units WHERE batch_id = ? AND row_number > ? AND row_number <= ? ORDER BY row_number`;

/** A unit that runs again in a later supplement has ended here. */
const SUPPLEMENT_ROWS = `SELECT serial, product, board_wanted, ended_attempt,
    iif(units.supplement = ?4, units.outcome, coalesce(units.outcome, 'HOLD')) AS outcome
  FROM supplement_units AS listed JOIN units USING (unit_id)
  WHERE listed.batch_id = ?1 AND listed.row_number > ?2 AND listed.row_number <= ?3 AND listed.number = ?4
  ORDER BY listed.row_number`;

/** See Registry.batchSummary. */
export function batchSummary(
  db: SqliteConnection,
  batchId: string,
  supplement: number | undefined,
): BatchSummary {
  const batch = knownBatch(db, batchId);
  const states = db.all(
    `SELECT coalesce(outcome, iif(attention, 'attention', 'open')) AS state, count(*) AS units
     FROM units WHERE batch_id = ?1 AND (?2 IS NULL OR unit_id IN (
       SELECT unit_id FROM supplement_units WHERE batch_id = ?1 AND number = ?2)) GROUP BY state`,
    batchId,
    supplement,
  );
  const counts = new Map(states.map((row) => [text(row, 'state'), integer(row, 'units')]));
  const count = (state: string): number => counts.get(state) ?? 0;
  return {
    batch,
    passed: count('PASS'),
    failed: count('FAIL'),
    errors: count('ERROR'),
    held: count('HOLD'),
    attention: count('attention'),
    open: count('open'),
  };
}

/** See Registry.certifiedBoards. */
export function certifiedBoards(db: SqliteConnection, batchId: string): number {
  knownBatch(db, batchId);
  const sql = `SELECT count(DISTINCT certificates.board_id) AS n FROM units JOIN certificates USING (unit_id)
    WHERE units.batch_id = ?`;
  return integer(db.get(sql, batchId)!, 'n');
}

/** Which of `keys` are in `column` of the units. */
export function registeredKeys(
  db: SqliteConnection,
  column: 'serial_folded' | 'board_wanted',
  keys: readonly string[],
): RegisteredKey[] {
  const rows = db.all(
    `SELECT ${column} AS key, batch_id FROM units WHERE ${column} IN (SELECT value FROM json_each(?))`,
    JSON.stringify(keys),
  );
  return rows.map((row) => ({ key: text(row, 'key'), batchId: text(row, 'batch_id') }));
}
