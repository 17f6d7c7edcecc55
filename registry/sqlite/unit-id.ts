import { foldSerial } from '../../provisioning/serial-number.ts';
import { integer } from '../../sql/row.ts';
import type { SqliteConnection } from '../../sql/sqlite-connection.ts';
import { RegistryError } from '../registry-error.ts';

/**
 * Row id of a unit of this batch. Its serial may have been freed since, and have been given to a unit of another batch. Throws
 * `unknown-unit`.
 */
export function unitIdOf(
  db: SqliteConnection,
  { serial, batchId }: { serial: string; batchId: string },
): number {
  const row = db.get(
    `SELECT unit_id FROM units WHERE serial_folded IN (?1, ?1 || '/' || ?2) AND batch_id = ?2`,
    foldSerial(serial),
    batchId,
  );
  if (row !== undefined) return integer(row, 'unit_id');
  throw new RegistryError(
    'unknown-unit',
    `Batch ${batchId} has no unit ${serial}: was its manifest accepted?`,
  );
}
