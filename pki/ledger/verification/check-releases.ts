import { foldSerial } from '../../../provisioning/serial-number.ts';
import { integer, text } from '../../../sql/row.ts';
import type { SqlRow } from '../../../sql/row.ts';
import type { SqlTransaction } from '../../../sql/transaction.ts';
import { releasedSha256, releasedUnitIn } from '../orders.ts';
import type { AuditedRecords } from './audited-records.ts';
import { rowPages } from './pages.ts';

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
    found.push(...otherwiseFolded(units));
    if (release === undefined || units.some((unit) => unit['batch_id'] !== release.batchId))
      found.push(`serials are released that entry ${entry} of the audit log does not name`);
    else if (releasedSha256(units.map(releasedUnitIn)) !== release.sha256)
      found.push(
        `the batch ${release.batchId} has other serials than entry ${entry} of the audit log released`,
      );
  }
  return found;
}

/** By another folded serial nobody finds the unit: it would be released once more, as if it had no certificate. */
function otherwiseFolded(units: readonly SqlRow[]): string[] {
  return units
    .filter((unit) => foldSerial(text(unit, 'serial')) !== unit['serial_folded'])
    .map((unit) => `the unit ${text(unit, 'serial')} is released under another serial`);
}

/** Only serials of batches that an earlier version released have no entry. */
async function checkStamps(transaction: SqlTransaction, { batches }: AuditedRecords): Promise<string[]> {
  const select = 'SELECT serial, serial_folded, batch_id FROM released_serial WHERE entry IS NULL';
  const found: string[] = [];
  const ids = new Set<string>();
  for await (const page of rowPages(transaction, select, 'serial_folded')) {
    found.push(...otherwiseFolded(page));
    for (const row of page) ids.add(text(row, 'batch_id'));
  }
  const unsaid = [...ids].toSorted().filter((id) => batches.get(id)?.isStamped === true);
  return [
    ...found,
    ...unsaid.map((id) => `the batch ${id} has serials that no entry of the audit log released`),
  ];
}
