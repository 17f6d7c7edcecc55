import type { SqlValue } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { together } from '../../sql/transaction.ts';
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

/** A doubt about the call before is none about the withdrawal that is to be sent. */
const WITHDRAW = `UPDATE outbox SET act = 'withdraw', state = 'due', is_unknown = 0,
    version = version + 1, recorded_at = ?1, due_at = ?1, failures = 0, failed_at = NULL, done_at = NULL, reason = NULL, message = NULL`;

/** Also what was never sent: a device registry that trusts the CA takes the certificate nevertheless. */
const CALL_BACK = `${WITHDRAW} WHERE act = 'put' AND fingerprint IN`;

/** Certificates of a unit that ended are withdrawn wherever they were put. Runs inside the transaction that ended them. */
export async function callBackUnit(db: SqlTransaction, unitId: number): Promise<void> {
  const ended = `(SELECT fingerprint FROM certificates WHERE unit_id = ?2 AND state <> 'active')`;
  await db.run(`${CALL_BACK} ${ended}`, Date.now(), unitId);
}

/** The same for all certificates that are revoked. */
export async function callBackRevoked(db: SqlTransaction): Promise<void> {
  await db.run(`${CALL_BACK} (SELECT fingerprint FROM certificates WHERE state = 'revoked')`, Date.now());
}

/** Units by a condition on their table, in which `?2` and those after it stand for the values. */
export interface ChosenUnits {
  readonly where: string;
  readonly values: readonly SqlValue[];
}

/** One of them. */
export function oneUnit(unitId: number): ChosenUnits {
  return { where: 'unit_id = ?2', values: [unitId] };
}

/**
 * How units continue has changed: they ended without a pass, or run again. What is withdrawn of them is withdrawn again: only a
 * unit that does not continue loses the good name that it has at device registries, and one that does gets it back. Runs inside
 * the transaction of the change.
 */
export async function withdrawAgain(db: SqlTransaction, units: ChosenUnits): Promise<void> {
  const { where, values } = units;
  const chosen = `(SELECT unit_id FROM units WHERE ${where})`;
  await together(
    db.run(
      `${WITHDRAW} WHERE (act = 'put' OR state IN ('due', 'done')) AND fingerprint IN (
         SELECT fingerprint FROM certificates WHERE state <> 'active' AND unit_id IN ${chosen}
         UNION ALL SELECT fingerprint FROM ${NEVER_REGISTERED} AND unit_id IN ${chosen})`,
      Date.now(),
      ...values,
    ),
    withdrawUnregistered(db, units),
  );
}

/** Certificates that were signed for these units, and that nobody registered, end where they are in use nevertheless. */
export async function withdrawUnregistered(
  db: SqlTransaction,
  { where, values }: ChosenUnits,
): Promise<void> {
  await db.run(
    `INSERT INTO outbox (registry, position, unit_id, batch_id, fingerprint, act, state, recorded_at, due_at)
     SELECT registry, 0, unit_id, (SELECT batch_id FROM units WHERE units.unit_id = signed.unit_id), fingerprint, 'withdraw',
       'due', CAST(?1 AS BIGINT), CAST(?1 AS BIGINT)
     FROM ${NEVER_REGISTERED} AND unit_id IN (SELECT unit_id FROM units WHERE ${where})
     ON CONFLICT (registry, fingerprint) DO NOTHING`,
    Date.now(),
    ...values,
  );
}

/** One that was noted may have been registered after that. */
const NEVER_REGISTERED = `unregistered_certificates AS signed WHERE NOT EXISTS (
  SELECT 1 FROM certificates WHERE certificates.fingerprint = signed.fingerprint)`;
