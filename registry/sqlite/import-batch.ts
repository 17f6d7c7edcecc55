import type { NewBatch } from '../../provisioning/batch-record.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import { batchWithContent } from './batch-records.ts';
import type { SqliteConnection } from '../../sql/sqlite-connection.ts';
import { RegistryError } from '../registry-error.ts';
import type { BatchRow, ImportResult, RegisteredKey } from '../registry.ts';
import { text } from '../../sql/row.ts';

/** Rows gathered for one write to the temporary table. */
const PAGE_ROWS = 1_000;

/** More conflicts than this have one cause. */
const MAX_CONFLICTS = 1_000;

/**
 * Rows arrive over time, and a transaction must not wait for them: they are collected here, and a crash removes them.
 */
export const STAGING_TABLE = `
  CREATE TEMP TABLE staged (
    import_id TEXT NOT NULL,
    row_number INTEGER NOT NULL,
    serial TEXT NOT NULL,
    serial_folded TEXT NOT NULL,
    product TEXT NOT NULL,
    board_wanted TEXT,
    attrs TEXT NOT NULL,
    PRIMARY KEY (import_id, row_number)
  ) WITHOUT ROWID`;

/** See Registry.importBatch. `importId` is unlike any other import's on this connection. */
export async function importBatch(
  db: SqliteConnection,
  importId: string,
  batch: NewBatch,
  rows: AsyncIterable<BatchRow>,
): Promise<ImportResult> {
  try {
    const staged = await stageRows(db, importId, rows);
    if (staged !== batch.quantity) throw rowCountError(batch, staged);
    return db.transaction(() => importStaged(db, importId, batch));
  } finally {
    db.run('DELETE FROM temp.staged WHERE import_id = ?', importId);
  }
}

async function stageRows(
  db: SqliteConnection,
  importId: string,
  rows: AsyncIterable<BatchRow>,
): Promise<number> {
  let count = 0;
  let page: BatchRow[] = [];
  for await (const row of rows) {
    page.push(row);
    if (page.length < PAGE_ROWS) continue;
    stagePage(db, importId, count, page);
    count += page.length;
    page = [];
  }
  stagePage(db, importId, count, page);
  return count + page.length;
}

function stagePage(db: SqliteConnection, importId: string, before: number, page: readonly BatchRow[]): void {
  db.temporaryTransaction(() => {
    for (const [at, { serial, product, boardId, attrs }] of page.entries()) {
      const values = [serial, foldSerial(serial), product, boardId, JSON.stringify(attrs)];
      db.run('INSERT INTO temp.staged VALUES (?, ?, ?, ?, ?, ?, ?)', importId, before + at + 1, ...values);
    }
  });
}

function importStaged(db: SqliteConnection, importId: string, batch: NewBatch): ImportResult {
  const known = batchWithContent(db, batch.manifestSha256);
  if (known !== undefined) return { status: 'imported', batch: known };
  const conflicts = takenKeys(db, importId);
  if (conflicts.length > 0) return { status: 'taken', conflicts };
  const { batchId, order, manifest, manifestSha256, quantity } = batch;
  const importedAt = new Date().toISOString();
  db.run(
    `INSERT INTO batches (batch_id, order_number, manifest, sha256, row_count, imported_at) VALUES (?, ?, ?, ?, ?, ?)`,
    batchId,
    order,
    manifest,
    manifestSha256,
    quantity,
    importedAt,
  );
  db.run(
    `INSERT INTO units (batch_id, row_number, serial, serial_folded, product, board_wanted, attrs)
     SELECT ?, row_number, serial, serial_folded, product, board_wanted, attrs
     FROM temp.staged WHERE import_id = ? ORDER BY row_number`,
    batchId,
    importId,
  );
  return { status: 'imported', batch: { ...batch, state: 'open', importedAt } };
}

function takenKeys(db: SqliteConnection, importId: string): RegisteredKey[] {
  const rows = db.all(
    `SELECT units.serial_folded AS key, units.batch_id FROM temp.staged JOIN units USING (serial_folded)
     WHERE import_id = ?1
     UNION ALL
     SELECT units.board_wanted AS key, units.batch_id FROM temp.staged JOIN units USING (board_wanted)
     WHERE import_id = ?1
     LIMIT ?2`,
    importId,
    MAX_CONFLICTS,
  );
  return rows.map((row) => ({ key: text(row, 'key'), batchId: text(row, 'batch_id') }));
}

function rowCountError({ batchId, quantity }: NewBatch, staged: number): RegistryError {
  return new RegistryError(
    'row-count',
    `Batch ${batchId} was announced with ${quantity} units but has ${staged}: import it again from a complete manifest.`,
  );
}
