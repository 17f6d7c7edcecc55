import type { SqlTransaction } from '../../sql/transaction.ts';
import type { RevocationList, RevocationResult } from '../registry.ts';
import { certificatesEnd } from './late-answers.ts';
import { callBackRevoked } from './outbox-entries.ts';
import { integer } from '../../sql/row.ts';

/** See Registry.applyRevocations. Runs inside a transaction. */
export async function applyRevocations(db: SqlTransaction, list: RevocationList): Promise<RevocationResult> {
  const { issuerKey, number } = list;
  const applied = await lastNumber(db, issuerKey);
  if (number < applied) return { status: 'older', applied };
  // A list may say something of a certificate twice.
  const last = new Map(list.revocations.map((each) => [each.certificateSerial, each]));
  const entries = JSON.stringify([...last.values()]);
  await remember(db, entries);
  await certificatesEnd(db);
  const ended = await db.run(
    `UPDATE certificates SET state = 'revoked', ended_at =
       (SELECT revoked_at FROM revocations WHERE certificate_serial = certificates.certificate_serial)
     WHERE state = 'active' AND certificate_serial IN (SELECT certificate_serial FROM revocations)`,
  );
  if (ended > 0) await callBackRevoked(db);
  await db.run(
    `INSERT INTO revocation_lists VALUES (?, ?, ?) ON CONFLICT (issuer_key) DO UPDATE SET
       number = excluded.number, applied_at = excluded.applied_at WHERE revocation_lists.number < excluded.number`,
    issuerKey,
    number,
    new Date().toISOString(),
  );
  return { status: 'applied', ended, unknown: await unknownIn(db, entries) };
}

async function lastNumber(db: SqlTransaction, issuerKey: string): Promise<number> {
  const row = await db.get('SELECT number FROM revocation_lists WHERE issuer_key = ?', issuerKey);
  return row === undefined ? 0 : integer(row, 'number');
}

/** A revocation is permanent: the first time stays, also when a later list no longer has it. */
async function remember(db: SqlTransaction, entries: string): Promise<void> {
  const { each, json } = db.dialect;
  const columns = ['certificateSerial', 'reason', 'revokedAt'].map((member) => json('value', member));
  await db.run(
    `INSERT INTO revocations SELECT ${columns.join(', ')} FROM ${each('?1')} AS listed WHERE true
     ON CONFLICT (certificate_serial) DO UPDATE SET reason = excluded.reason WHERE revocations.reason <> excluded.reason`,
    entries,
  );
}

async function unknownIn(db: SqlTransaction, entries: string): Promise<number> {
  const { each, json } = db.dialect;
  const row = await db.get(
    `SELECT count(*) AS n FROM ${each('?1')} AS listed
     WHERE ${json('value', 'certificateSerial')} NOT IN (SELECT certificate_serial FROM certificates)`,
    entries,
  );
  return integer(row ?? {}, 'n');
}
