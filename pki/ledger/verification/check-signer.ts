import { integer, text } from '../../../sql/row.ts';
import type { SqlTransaction } from '../../../sql/transaction.ts';
import type { AuditedRecords } from './audited-records.ts';

/** Stations whose requests are accepted. */
export async function checkStations(
  transaction: SqlTransaction,
  { stations }: AuditedRecords,
): Promise<string[]> {
  const rows = await transaction.all('SELECT * FROM station');
  const known = new Map(rows.map((row) => [text(row, 'station_id'), row]));
  const found = [...known.keys()]
    .filter((id) => !stations.has(id))
    .map((id) => `the station ${id} was never enrolled`);
  for (const [id, { verifier, perMinute, state }] of stations) {
    const row = known.get(id);
    const isSame =
      row?.['verifier'] === verifier && row['per_minute'] === perMinute && row['state'] === state;
    if (!isSame) found.push(`the station ${id} is not as it was enrolled`);
  }
  return found;
}

/** Keys whose passes are believed still. */
export async function checkReplacedKeys(
  transaction: SqlTransaction,
  { replacedKeys }: AuditedRecords,
): Promise<string[]> {
  const rows = await transaction.all('SELECT * FROM station_key');
  const isSame =
    rows.length === replacedKeys.size &&
    rows.every((row) => {
      const key = replacedKeys.get(integer(row, 'entry'));
      const isOfStation = key?.stationId === row['station_id'] && key?.verifier === row['verifier'];
      return isOfStation && key?.issuanceSeq === row['issuance_seq'] && key?.state === row['state'];
    });
  return isSame ? [] : ['the earlier keys of stations are not those that the audit log names'];
}

/**
 * After which issuances a person accepted the clock, and when those were reserved: the registry believes what was signed with a clock
 * that was ahead until then. Entries of earlier versions say only that a person did.
 */
export async function checkClockAcceptances(
  transaction: SqlTransaction,
  { clockAcceptances }: AuditedRecords,
): Promise<string[]> {
  const rows = await transaction.all(
    `SELECT c.issuance_seq, i.reserved_at FROM clock_acceptance c LEFT JOIN issuance i ON i.seq = c.issuance_seq`,
  );
  const known = new Map(rows.map((row) => [integer(row, 'issuance_seq'), row['reserved_at'] ?? '']));
  const isSame =
    rows.length === clockAcceptances.length &&
    clockAcceptances.every(
      ({ issuanceSeq: seq, lastReservedAt }) => seq === undefined || known.get(seq) === lastReservedAt,
    );
  return isSame ? [] : ['a clock was accepted that the audit log does not name'];
}

/** The numbers of revocation lists, and which withdrawals the newest one contains: else none would follow it. */
export async function checkLists(transaction: SqlTransaction, { lists }: AuditedRecords): Promise<string[]> {
  const rows = await transaction.all(
    `SELECT issuer, number, mark, (SELECT count(*) FROM crl other WHERE other.issuer = crl.issuer) AS n FROM crl
       WHERE number = (SELECT max(number) FROM crl other WHERE other.issuer = crl.issuer)`,
  );
  const isSame =
    rows.length === lists.size &&
    rows.every((row) => {
      const list = lists.get(text(row, 'issuer'));
      if (list?.number !== integer(row, 'number') || list.count !== integer(row, 'n')) return false;
      return list.mark === undefined || list.mark === row['mark'];
    });
  return isSame ? [] : ['the revocation lists are not those that the audit log numbered'];
}
