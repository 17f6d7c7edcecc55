import { integer, text } from '../../../sql/row.ts';
import type { SqlTransaction } from '../../../sql/transaction.ts';
import { releasedSha256, releasedUnitIn } from '../orders.ts';
import type { AuditedRecords } from './audited-records.ts';

/** The serials of each release, by their digest. */
export async function checkReleases(transaction: SqlTransaction, records: AuditedRecords): Promise<string[]> {
  const { releases } = records;
  const found = await checkStamps(transaction, records);
  const rows = await transaction.all(
    'SELECT DISTINCT entry FROM released_serial WHERE entry IS NOT NULL ORDER BY entry',
  );
  for (const row of rows) {
    const entry = integer(row, 'entry');
    const release = releases.get(entry);
    const units = await transaction.all('SELECT * FROM released_serial WHERE entry = ?', entry);
    if (release === undefined || units.some((unit) => unit['batch_id'] !== release.batchId))
      found.push(`serials are released that entry ${entry} of the audit log does not name`);
    else if (releasedSha256(units.map(releasedUnitIn)) !== release.sha256)
      found.push(
        `the batch ${release.batchId} has other serials than entry ${entry} of the audit log released`,
      );
  }
  return found;
}

/** Only serials of batches that an earlier version released have no entry. */
async function checkStamps(transaction: SqlTransaction, { batches }: AuditedRecords): Promise<string[]> {
  const sql = 'SELECT DISTINCT batch_id FROM released_serial WHERE entry IS NULL ORDER BY batch_id';
  const ids = (await transaction.all(sql)).map((row) => text(row, 'batch_id'));
  return ids
    .filter((id) => batches.get(id)?.isStamped === true)
    .map((id) => `the batch ${id} has serials that no entry of the audit log released`);
}
