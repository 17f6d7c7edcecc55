import type { SqlTransaction } from '../../sql/transaction.ts';
import type { AttemptId } from '../../provisioning/unit.ts';
import type { UnregisteredCertificate } from '../registry.ts';
import { withdrawUnregistered } from './outbox-entries.ts';
import { unitIdOf } from './unit-id.ts';

/** A unit that is made or changed now may yet register it. */
const HAS_ENDED = `outcome IS NOT NULL AND NOT EXISTS (SELECT 1 FROM rework_units
  WHERE rework_units.unit_id = units.unit_id AND ended_at IS NULL)`;

/** See Registry.noteUnregistered. Runs inside a transaction. */
export async function noteUnregistered(
  db: SqlTransaction,
  unit: Pick<AttemptId, 'batchId' | 'serial'>,
  { boardId, certificate, certificateSha256, liveAt }: UnregisteredCertificate,
): Promise<void> {
  if (liveAt.length === 0) return;
  const unitId = await unitIdOf(db, unit);
  await db.run(
    `INSERT INTO unregistered_certificates (fingerprint, registry, unit_id, board_id, der)
     VALUES ${liveAt.map(() => '(?, ?, ?, ?, ?)').join(', ')} ON CONFLICT DO NOTHING`,
    ...liveAt.flatMap((registry) => [certificateSha256, registry, unitId, boardId, certificate]),
  );
  await withdrawUnregistered(db, { where: `unit_id = ?2 AND ${HAS_ENDED}`, values: [unitId] });
}
