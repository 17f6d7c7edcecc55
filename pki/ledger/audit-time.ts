import { integer, text } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { AuditEvent } from '../audit/audit-chain.ts';

/** Entries read at once. */
const PAGE = 1_000;

/**
 * The entry as it is written after one that is as late as `latest`. The member `after` says that time where the entry itself
 * does not: a clock that was set back must not make the log look earlier, and neither must a refusal, which may have been made
 * because the clock is wrong. Only a person brings the log back to an earlier time.
 */
export function entryAfter(entry: AuditEvent, latest: string | undefined): AuditEvent {
  if (latest === undefined || entry.event === 'clock-accepted') return entry;
  return isRefusal(entry) || entry.at < latest ? { ...entry, after: latest } : entry;
}

/** The latest time of the log up to this entry, by the entry alone; undefined for a refusal that does not say it. */
export function latestTimeBy(entry: AuditEvent): string | undefined {
  const { after, at } = entry;
  if (after !== undefined) return String(after);
  return isRefusal(entry) ? undefined : at;
}

/** The latest time up to entry `size`. Refusals that do not say it are those of earlier versions, and those that came first. */
export async function latestTimeIn(transaction: SqlTransaction, size: number): Promise<string | undefined> {
  const sql = 'SELECT seq, body FROM audit WHERE seq <= ? ORDER BY seq DESC LIMIT ?';
  for (let seq = size, limit = 1; seq > 0; limit = PAGE) {
    const rows = await transaction.all(sql, seq, limit);
    for (const row of rows) {
      const time = latestTimeBy(JSON.parse(text(row, 'body')) as AuditEvent);
      if (time !== undefined) return time;
    }
    seq = rows.length === 0 ? 0 : integer(rows.at(-1)!, 'seq') - 1;
  }
  return undefined;
}

function isRefusal({ event }: AuditEvent): boolean {
  return event === 'refused' || event === 'refusals-left-out';
}
