import { integer, text } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { UnbegunUnit } from '../registry.ts';
import { knownBatch } from './batch-records.ts';

/**
 * Of a unit that was never begun no board was claimed, and it was not terminated, after which nobody knows. A unit that the
 * signer refused, or that waited for a board, has an attempt without a station.
 */
const NEVER_BEGUN = `units.outcome <> 'PASS' AND units.code IS DISTINCT FROM 'UNIT_TERMINATED' AND units.freed_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.unit_id = units.unit_id AND coalesce(attempts.station, attempts.board_id) IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM certificates WHERE certificates.unit_id = units.unit_id)`;

/** See Registry.neverBegun. */
export async function neverBegun(
  db: SqlTransaction,
  batchId: string,
  after: number,
  limit: number,
): Promise<UnbegunUnit[]> {
  await knownBatch(db, batchId);
  const sql = `SELECT serial, row_number FROM units
    WHERE batch_id = ? AND row_number > ? AND ${NEVER_BEGUN} ORDER BY row_number LIMIT ?`;
  return (await db.all(sql, batchId, after, limit)).map((row) => ({
    serial: text(row, 'serial'),
    row: integer(row, 'row_number'),
  }));
}

/** See Registry.freeUnits. Runs inside a transaction. */
export async function freeUnits(
  db: SqlTransaction,
  batchId: string,
  serials: readonly string[],
): Promise<void> {
  await db.run(
    `UPDATE units SET freed_at = ?3, serial_folded = serial_folded || '/' || batch_id, board_freed = board_wanted,
       board_wanted = NULL
     WHERE batch_id = ?1 AND serial IN (SELECT value FROM ${db.dialect.each('?2')} AS listed) AND ${NEVER_BEGUN}`,
    batchId,
    JSON.stringify(serials),
    new Date().toISOString(),
  );
}
