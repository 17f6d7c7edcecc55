import type { AttemptId } from '../../provisioning/unit.ts';
import { integer } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { RegistryError } from '../registry-error.ts';

/**
 * Attempts that may be missing before one that is recorded: the signer numbers them, and a unit that is reset in Temporal skips
 * some. No unit is reset so often.
 */
const MOST_SKIPPED = 1_000;

/**
 * Throws `not-active` for an attempt that cannot be the next one. Anybody can report one, and after the highest number there would
 * be no other for this serial.
 */
export async function mustFollow(
  db: SqlTransaction,
  unitId: number,
  { serial, attempt }: AttemptId,
): Promise<void> {
  if (attempt <= MOST_SKIPPED) return;
  const sql = `SELECT attempts, coalesce((SELECT max(last_attempt) FROM rework_units
    WHERE rework_units.unit_id = units.unit_id), 0) AS of_reworks FROM units WHERE unit_id = ?`;
  const row = (await db.get(sql, unitId))!;
  const known = Math.max(integer(row, 'attempts'), integer(row, 'of_reworks'));
  if (attempt <= known + MOST_SKIPPED) return;
  const message = `Unit ${serial}: attempt ${attempt} cannot follow attempt ${known}: find out who reported it.`;
  throw new RegistryError('not-active', message);
}
