import { foldSerial } from '../../provisioning/serial-number.ts';
import { integer } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { RegistryError } from '../registry-error.ts';

/**
 * Condition for the unit of this batch, with its folded serial and its batch as ?1 and ?2. Its serial may have been freed since, and
 * have been given to a unit of another batch. The batch is no column here, whose index PostgreSQL may use instead: it would read all
 * units of the batch.
 */
export const IS_UNIT = `serial_folded IN (?1, ?1 || '/' || ?2) AND batch_id || '' = ?2`;

/** Row id of a unit of this batch. Throws `unknown-unit`. */
export async function unitIdOf(
  db: SqlTransaction,
  unit: { readonly serial: string; readonly batchId: string },
): Promise<number> {
  const sql = `SELECT unit_id FROM units WHERE ${IS_UNIT}`;
  const row = await db.get(sql, foldSerial(unit.serial), unit.batchId);
  if (row === undefined) throw unknownUnit(unit);
  return integer(row, 'unit_id');
}

export function unknownUnit({ serial, batchId }: { serial: string; batchId: string }): RegistryError {
  const message = `Batch ${batchId} has no unit ${serial}: was its manifest accepted?`;
  return new RegistryError('unknown-unit', message);
}
