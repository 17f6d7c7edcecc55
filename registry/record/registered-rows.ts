import { integer, present, text } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { RegisteredRow } from '../registry.ts';

/** See Registry.registeredRows. */
export async function registeredRows(
  db: SqlTransaction,
  folded: readonly string[],
): Promise<RegisteredRow[]> {
  const rows = await db.all(
    `SELECT units.* FROM ${db.dialect.each('?1')} AS listed CROSS JOIN units CROSS JOIN batches
       WHERE units.serial_folded = listed.value AND batches.batch_id = units.batch_id`,
    JSON.stringify(folded),
  );
  return rows.map((row) => ({
    batchId: text(row, 'batch_id'),
    serial: text(row, 'serial'),
    product: text(row, 'product'),
    ...present(row, { boardId: 'board_wanted' }),
    attrs: JSON.parse(text(row, 'attrs')) as Record<string, string>,
  }));
}

/** See Registry.freedUnits. */
export async function freedUnits(db: SqlTransaction, batchId: string): Promise<number> {
  const sql = 'SELECT count(*) AS n FROM units WHERE batch_id = ? AND freed_at IS NOT NULL';
  return integer((await db.get(sql, batchId))!, 'n');
}
