import { text } from '../../../sql/row.ts';
import type { SqlTransaction } from '../../../sql/transaction.ts';
import type { AuditedRecords } from './audited-records.ts';
import { reworkKey, vagueKey } from './audited-reworks.ts';

/** Reworks: each lets one unit that passed have another certificate, for a reissue that its release has used. */
export async function checkReworks(
  transaction: SqlTransaction,
  { reworks }: AuditedRecords,
): Promise<string[]> {
  const found: string[] = [];
  const vague = new Map(reworks.vague);
  let named = 0;
  for (const row of await transaction.all('SELECT * FROM rework ORDER BY rework_id, serial_folded')) {
    const [reworkId, folded] = [text(row, 'rework_id'), text(row, 'serial_folded')];
    const key = reworkKey(reworkId, folded);
    const rework = { kind: text(row, 'kind'), order: text(row, 'order_id') };
    const released = reworks.released.get(key);
    if (released !== undefined) named += 1;
    const isReleased =
      released === undefined
        ? takeOne(vague, vagueKey(reworkId, rework))
        : released.kind === rework.kind && released.order === rework.order;
    if (!isReleased)
      found.push(`the rework ${reworkId} of the unit ${folded.toUpperCase()} was never released so`);
    else if ((row['is_used'] === 1) !== reworks.used.has(key))
      found.push(`the rework ${reworkId} of the unit ${folded.toUpperCase()} is not used as the log says`);
    else if ((row['ended_at'] !== null) !== reworks.ended.has(key))
      found.push(`the rework ${reworkId} of the unit ${folded.toUpperCase()} has not ended as the log says`);
  }
  if (named < reworks.released.size || [...vague.values()].some((count) => count > 0))
    found.push('a rework is missing that the audit log released');
  return found;
}

/** An earlier version did not say for which units, but how many. */
function takeOne(vague: Map<string, number>, key: string): boolean {
  const left = vague.get(key) ?? 0;
  vague.set(key, Math.max(0, left - 1));
  return left > 0;
}
