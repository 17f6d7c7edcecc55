import type { SqliteConnection } from '../../sql/sqlite-connection.ts';
import type { RevocationList, RevocationResult } from '../registry.ts';
import { integer, text } from '../../sql/row.ts';

/** See Registry.applyRevocations. Runs inside a transaction. */
export function applyRevocations(db: SqliteConnection, list: RevocationList): RevocationResult {
  const { issuerKey, number } = list;
  const applied = lastNumber(db, issuerKey);
  if (number < applied) return { status: 'older', applied };
  const entries = JSON.stringify(list.revocations);
  remember(db, entries);
  const ended = db.run(
    `UPDATE certificates SET state = 'revoked', ended_at =
       (SELECT revoked_at FROM revocations WHERE certificate_serial = certificates.certificate_serial)
     WHERE state = 'active' AND certificate_serial IN (SELECT certificate_serial FROM revocations)`,
  );
  db.run(
    `INSERT INTO revocation_lists VALUES (?, ?, ?) ON CONFLICT (issuer_key) DO UPDATE SET
       number = excluded.number, applied_at = excluded.applied_at WHERE number < excluded.number`,
    issuerKey,
    number,
    new Date().toISOString(),
  );
  return { status: 'applied', ended, unknown: unknownIn(db, entries) };
}

/** Why a certificate was revoked, by a list that was applied. */
export function revocationReason(db: SqliteConnection, certificateSerial: string): string | undefined {
  const row = db.get('SELECT reason FROM revocations WHERE certificate_serial = ?', certificateSerial);
  return row && text(row, 'reason');
}

function lastNumber(db: SqliteConnection, issuerKey: string): number {
  const row = db.get('SELECT number FROM revocation_lists WHERE issuer_key = ?', issuerKey);
  return row === undefined ? 0 : integer(row, 'number');
}

/** A revocation is permanent: the first time stays, also when a later list no longer has it. */
function remember(db: SqliteConnection, entries: string): void {
  db.run(
    `INSERT INTO revocations
       SELECT value ->> 'certificateSerial', value ->> 'reason', value ->> 'revokedAt' FROM json_each(?) WHERE true
     ON CONFLICT (certificate_serial) DO UPDATE SET reason = excluded.reason WHERE reason <> excluded.reason`,
    entries,
  );
}

function unknownIn(db: SqliteConnection, entries: string): number {
  const row = db.get(
    `SELECT count(*) AS n FROM json_each(?)
     WHERE value ->> 'certificateSerial' NOT IN (SELECT certificate_serial FROM certificates)`,
    entries,
  );
  return integer(row ?? {}, 'n');
}
