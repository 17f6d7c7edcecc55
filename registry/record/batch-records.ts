import type { Outcome } from '../../provisioning/outcome.ts';
import type { ChunkRow } from '../../provisioning/batch.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { RegistryError } from '../registry-error.ts';
import type { BatchRecord, BatchSummary, NumberedResult, RegisteredKey } from '../registry.ts';
import { runClosed } from './late-answers.ts';
import { withdrawAgain } from './outbox-entries.ts';
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
    ...(row['priority'] !== null && { priority: integer(row, 'priority') }),
    ...(row['result_version'] !== 0 && { resultVersion: integer(row, 'result_version') }),
  };
}

/** The batch, or REGISTRY_FAULT. */
export async function knownBatch(db: SqlTransaction, batchId: string): Promise<BatchRecord> {
  const batch = await batchWithId(db, batchId);
  if (batch !== undefined) return batch;
  throw new RegistryError(
    'unknown-batch',
    `The registry has no batch ${batchId}: submit its manifest first.`,
  );
}

/** The batch with this id, or undefined. */
export async function batchWithId(db: SqlTransaction, batchId: string): Promise<BatchRecord | undefined> {
  const row = await db.get('SELECT * FROM batches WHERE batch_id = ?', batchId);
  return row && batchRecord(row);
}

/** The batch whose manifest has this content, or undefined. */
export async function batchWithContent(db: SqlTransaction, sha256: string): Promise<BatchRecord | undefined> {
  const row = await db.get(
    `SELECT batches.*, (SELECT min(freed_at) FROM units WHERE units.batch_id = batches.batch_id) AS freed_at
     FROM batches WHERE sha256 = ?`,
    sha256,
  );
  return row && { ...batchRecord(row), ...present(row, { freedAt: 'freed_at' }) };
}

/** See Registry.listBatches. */
export async function listBatches(db: SqlTransaction): Promise<BatchRecord[]> {
  return (await db.all('SELECT * FROM batches ORDER BY imported_at DESC, batch_id DESC')).map(batchRecord);
}

/** See Registry.openBatches. */
export async function openBatches(db: SqlTransaction): Promise<BatchRecord[]> {
  const sql = `SELECT * FROM batches WHERE state = 'open' ORDER BY imported_at DESC, batch_id DESC`;
  return (await db.all(sql)).map(batchRecord);
}

/** See Registry.batchClosedLast. */
export async function batchClosedLast(db: SqlTransaction): Promise<BatchRecord | undefined> {
  const row = await db.get(
    `SELECT * FROM batches WHERE state = 'closed' ORDER BY closed_at DESC, batch_id DESC LIMIT 1`,
  );
  return row && batchRecord(row);
}

/** See Registry.recordStart. Runs inside a transaction. */
export async function recordStart(db: SqlTransaction, batchId: string): Promise<void> {
  await knownBatch(db, batchId);
  const sql = 'UPDATE batches SET started_at = coalesce(started_at, ?) WHERE batch_id = ?';
  await db.run(sql, new Date().toISOString(), batchId);
}

/** See Registry.endOpenUnits. Runs inside a transaction. */
export async function endOpenUnits(
  db: SqlTransaction,
  batchId: string,
  outcome: Exclude<Outcome, 'PASS'>,
  code: string,
  supplement: number | undefined,
): Promise<void> {
  await knownBatch(db, batchId);
  const open = 'batch_id = ?2 AND outcome IS NULL AND supplement IS NOT DISTINCT FROM ?3';
  await withdrawAgain(db, { where: open, values: [batchId, supplement] });
  const sql = `UPDATE units SET outcome = ?1, attention = 0, code = ?4 WHERE ${open}`;
  await db.run(sql, outcome, batchId, supplement, code);
}

/** See Registry.nextResult. */
export async function nextResult(db: SqlTransaction, batchId: string): Promise<NumberedResult> {
  await knownBatch(db, batchId);
  const row = await db.get('SELECT result_version, answer_changes FROM batches WHERE batch_id = ?', batchId);
  return { version: integer(row!, 'result_version') + 1, changes: integer(row!, 'answer_changes') };
}

/** See Registry.numberResult. Runs inside a transaction. */
export async function numberResult(db: SqlTransaction, batchId: string, version: number): Promise<boolean> {
  const sql = 'UPDATE batches SET result_version = ? WHERE batch_id = ? AND result_version = ?';
  return (await db.run(sql, version, batchId, version - 1)) > 0;
}

/** See Registry.openUnits. */
export async function openUnits(
  db: SqlTransaction,
  batchId: string,
  supplement: number | undefined,
): Promise<number> {
  await knownBatch(db, batchId);
  const sql =
    'SELECT count(*) AS n FROM units WHERE batch_id = ? AND outcome IS NULL AND supplement IS NOT DISTINCT FROM ?';
  return integer((await db.get(sql, batchId, supplement))!, 'n');
}

/** See Registry.closeBatch. Runs inside a transaction. */
export async function closeBatch(
  db: SqlTransaction,
  batchId: string,
  supplement: number | undefined,
): Promise<void> {
  await knownBatch(db, batchId);
  const now = new Date().toISOString();
  if (supplement === undefined)
    await db.run('UPDATE batches SET closed_at = coalesce(closed_at, ?) WHERE batch_id = ?', now, batchId);
  else {
    const sql = 'UPDATE supplements SET closed_at = coalesce(closed_at, ?) WHERE batch_id = ? AND number = ?';
    await db.run(sql, now, batchId, supplement);
  }
  await db.run(
    `UPDATE batches SET state = 'closed' WHERE batch_id = ?1 AND closed_at IS NOT NULL AND NOT EXISTS (
       SELECT 1 FROM supplements WHERE supplements.batch_id = ?1 AND supplements.closed_at IS NULL)`,
    batchId,
  );
  await runClosed(db, batchId);
}

/** See Registry.chunkRows. */
export async function chunkRows(
  db: SqlTransaction,
  batchId: string,
  chunk: number,
  size: number,
  supplement: number | undefined,
): Promise<ChunkRow[]> {
  await knownBatch(db, batchId);
  const page = [(chunk - 1) * size, chunk * size];
  const rows =
    supplement === undefined
      ? await db.all(FIRST_RUN_ROWS, batchId, ...page)
      : await db.all(SUPPLEMENT_ROWS, batchId, ...page, supplement);
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
    CASE WHEN EXISTS (SELECT 1 FROM units AS freed WHERE freed.serial_folded > units.serial_folded || '/'
      AND freed.serial_folded < units.serial_folded || '0') THEN 1 ELSE 0 END AS is_reused
  FROM units WHERE batch_id = ? AND row_number > ? AND row_number <= ? ORDER BY row_number`;

/** A unit that runs again in a later supplement has ended here. */
const SUPPLEMENT_ROWS = `SELECT serial, product, board_wanted, ended_attempt,
    CASE WHEN units.supplement = ?4 THEN units.outcome ELSE coalesce(units.outcome, 'HOLD') END AS outcome
  FROM supplement_units AS listed JOIN units USING (unit_id)
  WHERE listed.batch_id = ?1 AND listed.row_number > ?2 AND listed.row_number <= ?3 AND listed.number = ?4
  ORDER BY listed.row_number`;

/** See Registry.batchSummary. */
export async function batchSummary(
  db: SqlTransaction,
  batchId: string,
  supplement: number | undefined,
): Promise<BatchSummary> {
  const batch = await knownBatch(db, batchId);
  const states = await db.all(
    `SELECT coalesce(outcome, CASE attention WHEN 1 THEN 'attention' ELSE 'open' END) AS state, count(*) AS units
     FROM units WHERE batch_id = ?1 AND (CAST(?2 AS INTEGER) IS NULL OR unit_id IN (
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
export async function certifiedBoards(db: SqlTransaction, batchId: string): Promise<number> {
  await knownBatch(db, batchId);
  const sql = `SELECT count(DISTINCT certificates.board_id) AS n FROM units JOIN certificates USING (unit_id)
    WHERE units.batch_id = ?`;
  return integer((await db.get(sql, batchId))!, 'n');
}

/** Fewer keys than this are looked up at once. */
const FEW_KEYS = 16;

/**
 * Which of `keys` are in `column` of the units, of batches that were accepted. Serials mostly ascend, and then one look at the
 * range of many of them finds nothing.
 */
export async function registeredKeys(
  db: SqlTransaction,
  column: 'serial_folded' | 'board_wanted',
  keys: readonly string[],
): Promise<RegisteredKey[]> {
  if (keys.length >= FEW_KEYS && !(await hasKeyBetween(db, column, keys))) return [];
  const rows = await db.all(
    `SELECT ${column} AS key, batches.batch_id FROM ${db.dialect.each('?1')} AS listed CROSS JOIN units CROSS JOIN batches
       WHERE units.${column} = listed.value AND batches.batch_id = units.batch_id`,
    JSON.stringify(keys),
  );
  return rows.map((row) => ({ key: text(row, 'key'), batchId: text(row, 'batch_id') }));
}

/** Both columns are compared by their bytes in UTF-8, which is the order of JavaScript for ASCII. */
async function hasKeyBetween(db: SqlTransaction, column: string, keys: readonly string[]): Promise<boolean> {
  let [least = ''] = keys;
  let most = least;
  for (const key of keys) {
    if (key < least) least = key;
    else if (key > most) most = key;
  }
  return (
    (await db.get(`SELECT 1 FROM units WHERE ${column} BETWEEN ? AND ? LIMIT 1`, least, most)) !== undefined
  );
}
