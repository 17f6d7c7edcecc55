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
 * and applies to all that follows, until a person decides. Runs inside a transaction.
 */
export async function contradictionWith(
  db: SqlTransaction,
  sight: SignerLogSight,
): Promise<string | undefined> {
  const known = await recordOf(db, sight.log);
  if (known?.contradiction !== undefined) return known.contradiction;
  const found = known && contradictionOf(known, sight);
  if (found !== undefined) await raiseAlarm(db, sight.log, found);
  else if (known === undefined || sight.size > known.size) await remember(db, sight);
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
  const known = await recordOf(db, log);
  if (known?.contradiction === undefined) return false;
  const { size, hash, contradiction } = known;
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
  const { log, size, hash, at } = known;
  if (sight.size === size && sight.hash !== hash)
    return `entry ${size} of the audit log ${log} is another one in a certificate of ${sight.at} than in one of ${at}`;
  const isLater = Date.parse(sight.at) - Date.parse(at) > CLOCK_TOLERANCE_MS;
  if (sight.size >= size || !isLater) return undefined;
  return `the audit log ${log} had ${size} entries at ${at}, and only ${sight.size} at ${sight.at}`;
}

async function remember(db: SqlTransaction, { log, size, hash, at }: SignerLogSight): Promise<void> {
  await db.run(
    `INSERT INTO signer_logs (log, size, hash, at, first_seen_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (log) DO UPDATE SET size = excluded.size, hash = excluded.hash, at = excluded.at`,
    log,
    size,
    hash,
    at,
    new Date().toISOString(),
  );
}

async function raiseAlarm(db: SqlTransaction, log: string, contradiction: string): Promise<void> {
  const sql = 'UPDATE signer_logs SET contradiction = ?, contradicted_at = ? WHERE log = ?';
  await db.run(sql, contradiction, new Date().toISOString(), log);
}

async function recordOf(db: SqlTransaction, log: string): Promise<SignerLogRecord | undefined> {
  const row = await db.get('SELECT * FROM signer_logs WHERE log = ?', log);
  return row && recordIn(row);
}

function recordIn(row: SqlRow): SignerLogRecord {
  return {
    log: text(row, 'log'),
    size: integer(row, 'size'),
    hash: text(row, 'hash'),
    at: text(row, 'at'),
    firstSeenAt: text(row, 'first_seen_at'),
    ...present(row, { contradiction: 'contradiction', contradictedAt: 'contradicted_at' }),
  };
}
