import type { UnitRow } from '../../provisioning/unit.ts';
import type { RegistryDatabase, SqlRow } from './registry-database.ts';
import { RegistryError } from '../registry-error.ts';
import type { BatchRecord, BatchSummary, RegisteredKey } from '../registry.ts';
import { integer, present, text } from './sql-row.ts';

/** A row of table batches as a record. */
export function batchRecord(row: SqlRow): BatchRecord {
  return {
    batchId: text(row, 'batch_id'),
    order: text(row, 'order_number'),
    manifest: text(row, 'manifest'),
    sha256: text(row, 'sha256'),
    rows: integer(row, 'row_count'),
    state: text(row, 'state') as BatchRecord['state'],
    importedAt: text(row, 'imported_at'),
    ...present(row, { startedAt: 'started_at', closedAt: 'closed_at' }),
  };
}

/** The batch, or REGISTRY_FAULT. */
export function knownBatch(db: RegistryDatabase, batchId: string): BatchRecord {
  const row = db.get('SELECT * FROM batches WHERE batch_id = ?', batchId);
  if (row !== undefined) return batchRecord(row);
  throw new RegistryError(
    'unknown-batch',
    `The registry has no batch ${batchId}: submit its manifest first.`,
  );
}

/** See Registry.chunkRows. */
export function chunkRows(db: RegistryDatabase, batchId: string, chunk: number, size: number): UnitRow[] {
  knownBatch(db, batchId);
  const rows = db.all(
    `SELECT serial, product, board_wanted FROM units
     WHERE batch_id = ? AND row_number > ? AND row_number <= ? ORDER BY row_number`,
    batchId,
    (chunk - 1) * size,
    chunk * size,
  );
  return rows.map((row) => ({
    serial: text(row, 'serial'),
    product: text(row, 'product'),
    ...present(row, { boardId: 'board_wanted' }),
  }));
}

/** See Registry.batchSummary. */
export function batchSummary(db: RegistryDatabase, batchId: string): BatchSummary {
  const batch = knownBatch(db, batchId);
  const states = db.all(
    `SELECT coalesce(outcome, iif(attention, 'attention', 'open')) AS state, count(*) AS units
     FROM units WHERE batch_id = ? GROUP BY state`,
    batchId,
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

/** Which of `keys` stand in `column` of the units. */
export function registeredKeys(
  db: RegistryDatabase,
  column: 'serial_folded' | 'board_wanted',
  keys: readonly string[],
): RegisteredKey[] {
  const rows = db.all(
    `SELECT ${column} AS key, batch_id FROM units WHERE ${column} IN (SELECT value FROM json_each(?))`,
    JSON.stringify(keys),
  );
  return rows.map((row) => ({ key: text(row, 'key'), batchId: text(row, 'batch_id') }));
}
