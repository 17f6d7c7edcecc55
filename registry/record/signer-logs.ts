import type { CertificateRecord } from '../../provisioning/certificate-record.ts';
import type { Decision } from '../../provisioning/decision.ts';
import { integer, present, text } from '../../sql/row.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { SignerLogRecord, SignerLogSight } from '../registry.ts';

/** The clocks of signers that share a ledger may differ by this much; milliseconds. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

/**
 * Remembers how far the log of a signer had come, or returns what one log cannot have: another entry in the same place, or fewer
 * entries later. Certificates come in any order, so fewer entries earlier are no contradiction. The first contradiction stays,
 * and applies to all that follows, until a person decides; what was signed before that decision says nothing of the log since then.
 * Nor does a certificate that is registered already: everybody can send it again. Runs inside a transaction.
 */
export async function contradictionWith(
  db: SqlTransaction,
  sight: SignerLogSight,
  { certificateSha256 }: Pick<CertificateRecord, 'certificateSha256'>,
): Promise<string | undefined> {
  const row = await db.get(
    `SELECT signer_logs.*,
       CASE WHEN EXISTS (SELECT 1 FROM certificates WHERE fingerprint = ?) THEN 1 ELSE 0 END AS is_registered,
       (SELECT max(accepted_at) FROM accepted_signer_logs WHERE accepted_signer_logs.log = signer_logs.log) AS accepted_at
     FROM signer_logs WHERE log = ?`,
    certificateSha256,
    sight.log,
  );
  if (row === undefined) {
    await remember(db, sight);
    return undefined;
  }
  const known = recordIn(row);
  if (row['is_registered'] === 1) return undefined;
  if (known.contradiction !== undefined) return known.contradiction;
  const { acceptedAt } = present(row, { acceptedAt: 'accepted_at' });
  if (acceptedAt !== undefined && Date.parse(sight.at) <= Date.parse(acceptedAt)) return undefined;
  const found = contradictionOf(known, sight);
  if (found !== undefined) await raiseAlarm(db, sight.log, found);
  else if (sight.size > known.size) await remember(db, sight);
  return found;
}

/** See Registry.signerLogs. */
export async function signerLogs(db: SqlTransaction): Promise<SignerLogRecord[]> {
  return (await db.all('SELECT * FROM signer_logs ORDER BY log')).map(recordIn);
}

/** See Registry.acceptSignerLog. Runs inside a transaction. */
export async function acceptSignerLog(
  db: SqlTransaction,
  log: string,
  { reason, by }: Decision,
): Promise<boolean> {
  const row = await db.get('SELECT * FROM signer_logs WHERE log = ?', log);
  const known = row && recordIn(row);
  if (known === undefined || (known.contradiction === undefined && known.size === 0)) return false;
  // A signer that releases nothing, because its ledger has less than was seen here, signs nothing that could contradict it.
  const { size, hash, contradiction = 'the ledger has less than was seen' } = known;
  await db.run(
    `INSERT INTO accepted_signer_logs (log, size, hash, contradiction, accepted_at, reason, decided_by)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    log,
    size,
    hash,
    contradiction,
    new Date().toISOString(),
    reason,
    by,
  );
  // The next certificate says where the log is.
  await db.run(
    `UPDATE signer_logs SET size = 0, hash = '', at = '', contradiction = NULL, contradicted_at = NULL WHERE log = ?`,
    log,
  );
  return true;
}

function contradictionOf(known: SignerLogRecord, sight: SignerLogSight): string | undefined {
  const { log, size, hash, at, clockWrongUntil } = known;
  if (sight.size === size && sight.hash !== hash)
    return `entry ${size} of the audit log ${log} is another one in a certificate of ${sight.at} than in one of ${at}`;
  const isLater = isAfter(sight.at, at);
  // It was signed before a person accepted the clock of the signer, which was ahead until then.
  const isOfWrongClock = clockWrongUntil !== undefined && !isAfter(sight.at, clockWrongUntil);
  if (sight.size >= size || !isLater || isOfWrongClock) return undefined;
  return `the audit log ${log} had ${size} entries at ${at}, and only ${sight.size} at ${sight.at}`;
}

function isAfter(time: string, other: string): boolean {
  return Date.parse(time) - Date.parse(other) > CLOCK_TOLERANCE_MS;
}

async function remember(db: SqlTransaction, sight: SignerLogSight): Promise<void> {
  const { log, size, hash, at, clockWrongUntil } = sight;
  await db.run(
    `INSERT INTO signer_logs (log, size, hash, at, first_seen_at, clock_wrong_until) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (log) DO UPDATE SET size = excluded.size, hash = excluded.hash, at = excluded.at,
       clock_wrong_until = coalesce(excluded.clock_wrong_until, signer_logs.clock_wrong_until)`,
    log,
    size,
    hash,
    at,
    new Date().toISOString(),
    clockWrongUntil,
  );
}

async function raiseAlarm(db: SqlTransaction, log: string, contradiction: string): Promise<void> {
  const sql = 'UPDATE signer_logs SET contradiction = ?, contradicted_at = ? WHERE log = ?';
  await db.run(sql, contradiction, new Date().toISOString(), log);
}

function recordIn(row: SqlRow): SignerLogRecord {
  return {
    log: text(row, 'log'),
    size: integer(row, 'size'),
    hash: text(row, 'hash'),
    at: text(row, 'at'),
    firstSeenAt: text(row, 'first_seen_at'),
    ...present(row, { contradiction: 'contradiction', contradictedAt: 'contradicted_at' }),
    ...present(row, { clockWrongUntil: 'clock_wrong_until' }),
  };
}
