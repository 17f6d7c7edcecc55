import type { SqlTransaction } from '../../sql/transaction.ts';
import type { Registration } from '../registry.ts';

/**
 * The certificate of a unit that passed goes to the device registries of its product, one after the other in their order. Runs
 * inside the transaction of the registration.
 */
export async function sendOut(
  db: SqlTransaction,
  unitId: number,
  { batchId, certificateSha256, registries = [] }: Registration,
): Promise<void> {
  if (registries.length === 0) return;
  const now = Date.now();
  await db.run(
    `INSERT INTO outbox (registry, position, unit_id, batch_id, fingerprint, act, state, recorded_at, due_at)
     VALUES ${registries.map(() => `(?, ?, ?, ?, ?, 'put', ?, ?, ?)`).join(', ')}
     ON CONFLICT (registry, fingerprint) DO NOTHING`,
    ...registries.flatMap((registry, position) => [
      registry,
      position,
      unitId,
      batchId,
      certificateSha256,
      position === 0 ? 'due' : 'waiting',
      now,
      now,
    ]),
  );
}

/**
 * Also what was never sent: a device registry that trusts the CA takes the certificate nevertheless. A doubt about the put is none
 * about the withdrawal, which was never sent.
 */
const CALL_BACK = `UPDATE outbox SET act = 'withdraw', state = 'due', is_unknown = 0,
    version = version + 1, recorded_at = ?, due_at = ?, failures = 0, failed_at = NULL, reason = NULL, message = NULL
  WHERE act = 'put' AND fingerprint IN`;

/** Certificates of a unit that ended are withdrawn wherever they were put. Runs inside the transaction that ended them. */
export async function callBackUnit(db: SqlTransaction, unitId: number): Promise<void> {
  const now = Date.now();
  const ended = `(SELECT fingerprint FROM certificates WHERE unit_id = ? AND state <> 'active')`;
  await db.run(`${CALL_BACK} ${ended}`, now, now, unitId);
}

/** The same for all certificates that are revoked. */
export async function callBackRevoked(db: SqlTransaction): Promise<void> {
  const now = Date.now();
  await db.run(`${CALL_BACK} (SELECT fingerprint FROM certificates WHERE state = 'revoked')`, now, now);
}
