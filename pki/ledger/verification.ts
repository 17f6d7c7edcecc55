import { foldSerial } from '../../provisioning/serial-number.ts';
import { integer, text } from '../../sql/row.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { AuditEntry } from '../audit/audit-chain.ts';
import { textSha256 } from '../orders/order.ts';
import { sha256Hex } from '../x509/p256.ts';
import { AuditedRecords } from './audited-records.ts';
import type { AuditedBatch, AuditedMembers } from './audited-records.ts';
import { SELECT_ISSUANCE } from './issuance-rows.ts';
import type { SqlDatabase } from '../../sql/sql-database.ts';
import { admissionOf, releasedSha256, releasedUnitIn, standingIn } from './orders.ts';

/** Entries, and rows, read at once: as many as a statement may have values. */
const PAGE = 1_000;

/** More would be said at once than anybody reads. */
const MAX_FINDINGS = 20;

/**
 * Compares all that counts in a ledger with its audit log: the log is read once from its beginning, and orders, batches,
 * serials, certificates and stations must be what it says. Takes 10 µs for an entry and as much for a certificate.
 */
export class LedgerVerification {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** A sentence for each difference, without its full stop, at most 20; none for a ledger that was changed by Certline alone. */
  findings(): Promise<string[]> {
    return this.#database.snapshot(async (transaction) => {
      const found: string[] = [];
      const records = new AuditedRecords();
      for await (const page of auditPages(transaction)) {
        const entries: NumberedMembers[] = [];
        for (const entry of page) {
          const members = records.add(entry);
          if (members === undefined)
            return [`entry ${entry.seq} of the audit log does not follow from the one before`];
          entries.push({ ...members, seq: entry.seq });
        }
        found.push(
          ...(await checkIssuances(transaction, entries)),
          ...(await checkUnits(transaction, entries)),
        );
        if (found.length >= MAX_FINDINGS) break;
      }
      for (const check of [checkOrders, checkBatches, checkReleases, checkStations, checkClockAcceptances])
        if (found.length < MAX_FINDINGS) found.push(...(await check(transaction, records)));
      return found.slice(0, MAX_FINDINGS);
    });
  }
}

/** The members of an entry, and its number. */
type NumberedMembers = AuditedMembers & { readonly seq: number };

async function* auditPages(transaction: SqlTransaction): AsyncGenerator<AuditEntry[]> {
  const sql = 'SELECT seq, body, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT ?';
  for (let seq = 0; ;) {
    const rows = await transaction.all(sql, seq, PAGE);
    if (rows.length === 0) return;
    yield rows.map((row) => ({ seq: integer(row, 'seq'), body: text(row, 'body'), hash: text(row, 'hash') }));
    seq = integer(rows.at(-1)!, 'seq');
  }
}

/** Rows by one of their columns, for at most a page of its values. */
async function rowsBy(
  transaction: SqlTransaction,
  select: string,
  column: string,
  values: readonly string[],
): Promise<ReadonlyMap<string, SqlRow>> {
  // Always as many values, so that there is one statement to prepare.
  const filled = Array.from({ length: PAGE }, (_, at) => values[at] ?? '');
  const rows = await transaction.all(`${select} IN (${filled.map(() => '?').join()})`, ...filled);
  return new Map(rows.map((row) => [text(row, column), row]));
}

/** What the log says of units that ended: their attempts stay withdrawn. */
async function checkUnits(
  transaction: SqlTransaction,
  entries: readonly NumberedMembers[],
): Promise<string[]> {
  const about = entries.filter(({ event }) => event === 'unit-withdrawn');
  if (about.length === 0) return [];
  const folded = about.map(({ serial }) => foldSerial(String(serial)));
  const select = 'SELECT * FROM released_serial WHERE serial_folded';
  const known = await rowsBy(transaction, select, 'serial_folded', folded);
  return about.flatMap(({ seq, serial, attempt }) => {
    const row = known.get(foldSerial(String(serial)));
    // Given back since then, and perhaps released again.
    if (row === undefined || Number(row['entry'] ?? 0) > seq) return [];
    return integer(row, 'withdrawn_attempt') >= Number(attempt)
      ? []
      : [`the unit ${serial} ended with attempt ${attempt}, but the ledger has an earlier one`];
  });
}

/** What the log says of requests, against their rows as they are now: each entry is true of them. */
async function checkIssuances(
  transaction: SqlTransaction,
  entries: readonly AuditedMembers[],
): Promise<string[]> {
  const about = entries.filter(({ event }) => typeof event === 'string' && event in ISSUANCE_CHECKS);
  const ids = [...new Set(about.map(({ requestId }) => String(requestId)))];
  if (ids.length === 0) return [];
  const known = await rowsBy(transaction, `${SELECT_ISSUANCE} WHERE i.request_id`, 'request_id', ids);
  return about.flatMap((entry) => {
    const requestId = String(entry['requestId']);
    const row = known.get(requestId);
    if (row === undefined) return [`the certificate of request ${requestId} is missing`];
    return ISSUANCE_CHECKS[String(entry['event'])]!(entry, row)
      ? []
      : [`the certificate of request ${requestId} is not as entry "${entry['event']}" says`];
  });
}

type IssuanceCheck = (entry: AuditedMembers, row: SqlRow) => boolean;

const hasEnded: IssuanceCheck = (_entry, row) => row['ended_at'] !== null;

const ISSUANCE_CHECKS: Readonly<Record<string, IssuanceCheck>> = {
  signing: (entry, row) => {
    // A further signature over a reservation that was said before.
    if (entry['certificateSerial'] === undefined) return true;
    const { tbs } = row;
    return (
      row['cert_serial'] === entry['certificateSerial'] &&
      row['serial'] === entry['serial'] &&
      row['batch_id'] === entry['batchId'] &&
      row['attempt'] === entry['attempt'] &&
      row['board_id'] === entry['boardId'] &&
      row['spki_sha256'] === entry['spkiSha256'] &&
      row['kind'] === entry['kind'] &&
      tbs instanceof Uint8Array &&
      sha256Hex(tbs) === entry['tbsSha256']
    );
  },
  issued: ({ sha256 }, { certificate }) =>
    certificate instanceof Uint8Array && sha256Hex(certificate) === sha256,
  activated: (_entry, { state }) => state !== 'signing' && state !== 'issued',
  superseded: hasEnded,
  revoked: hasEnded,
};

async function checkOrders(transaction: SqlTransaction, records: AuditedRecords): Promise<string[]> {
  const rows = await transaction.all('SELECT * FROM purchase_order');
  const known = new Map(rows.map((row) => [text(row, 'order_id'), row]));
  const found = [...known.keys()]
    .filter((id) => !records.orders.has(id))
    .map((id) => `the order ${id} was never admitted`);
  for (const [id, members] of records.orders) {
    const row = known.get(id);
    if (row === undefined) {
      found.push(`the order ${id} is missing`);
      continue;
    }
    const { released, reissued, closedAt, ...order } = standingIn(row);
    const { event: _event, at: _at, ...said } = members;
    const isSame =
      JSON.stringify(sorted(admissionOf(order))) === JSON.stringify(sorted(said)) &&
      textSha256(order) === order.sha256 &&
      (closedAt !== undefined) === records.closed.has(id);
    if (!isSame) found.push(`the order ${id} has other terms than were signed`);
    if (!records.isCountable) continue;
    const counts = await countsOf(transaction, id, records);
    // A unit of a rework counts when it is released, and no longer when that ends without a certificate.
    const most = counts.reissued + (records.reworked.get(id) ?? 0);
    if (released !== counts.released || reissued < counts.reissued || reissued > most)
      found.push(
        `the order ${id} has ${released} units released and ${reissued} reissues, but ${counts.released} and ${counts.reissued} by the audit log`,
      );
  }
  return found;
}

/** What of an order is used. Units that are given back one by one are counted by their batches alone. */
async function countsOf(
  transaction: SqlTransaction,
  order: string,
  { batches, foreignReissues }: AuditedRecords,
): Promise<{ readonly released: number; readonly reissued: number }> {
  const rows = await transaction.all('SELECT batch_id, returned FROM batch WHERE order_id = ?', order);
  const returned = new Map(rows.map((row) => [text(row, 'batch_id'), integer(row, 'returned')]));
  const own = [...batches].filter(([, batch]) => batch.order === order);
  const share = ([id, batch]: [string, AuditedBatch]): number =>
    batch.quota - (batch.isCounted ? batch.returned : (returned.get(id) ?? 0));
  return {
    released: own.reduce((sum, each) => sum + share(each), 0),
    reissued: own.reduce((sum, [, { reissues }]) => sum + reissues, foreignReissues.get(order) ?? 0),
  };
}

async function checkBatches(transaction: SqlTransaction, records: AuditedRecords): Promise<string[]> {
  const rows = await transaction.all(
    `SELECT b.*, coalesce(r.n, 0) AS serials, coalesce(i.n, 0) AS issuances FROM batch b
       LEFT JOIN (SELECT batch_id, count(*) AS n FROM released_serial GROUP BY batch_id) r USING (batch_id)
       LEFT JOIN (SELECT batch_id, count(*) AS n FROM issuance GROUP BY batch_id) i USING (batch_id)`,
  );
  const known = new Map(rows.map((row) => [text(row, 'batch_id'), row]));
  const found = [...known.keys()]
    .filter((id) => !records.batches.has(id))
    .map((id) => `the batch ${id} was never released`);
  for (const [id, batch] of records.batches) {
    const row = known.get(id);
    if (row === undefined) found.push(`the batch ${id} is missing`);
    else if (!isSameBatch(row, batch)) found.push(`the batch ${id} was released otherwise`);
    else if (records.isCountable && !hasSameCounts(row, batch))
      found.push(`the batch ${id} has another number of serials or certificates than by the audit log`);
  }
  return found;
}

function isSameBatch(row: SqlRow, batch: AuditedBatch): boolean {
  return (
    row['order_id'] === batch.order &&
    row['quota'] === batch.quota &&
    (row['manifest_sha256'] ?? batch.manifestSha256) === batch.manifestSha256 &&
    (row['withdrawn_at'] !== null) === batch.isWithdrawn
  );
}

function hasSameCounts(row: SqlRow, batch: AuditedBatch): boolean {
  const { first, reissues, issuances, serials, returned } = batch;
  const hasSerials =
    integer(row, 'released') === serials &&
    integer(row, 'serials') === serials &&
    integer(row, 'returned') === returned;
  return (
    integer(row, 'reserved') === first &&
    integer(row, 'reissued') === reissues &&
    integer(row, 'issuances') === issuances &&
    (hasSerials || !batch.isCounted) &&
    integer(row, 'quota') - integer(row, 'returned') >= first
  );
}

/** The serials of each release, by their digest. Ledgers of earlier versions do not know which release was whose. */
async function checkReleases(transaction: SqlTransaction, { releases }: AuditedRecords): Promise<string[]> {
  const rows = await transaction.all(
    'SELECT DISTINCT entry FROM released_serial WHERE entry IS NOT NULL ORDER BY entry',
  );
  const found: string[] = [];
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

async function checkStations(transaction: SqlTransaction, { stations }: AuditedRecords): Promise<string[]> {
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

async function checkClockAcceptances(
  transaction: SqlTransaction,
  { clockAcceptances }: AuditedRecords,
): Promise<string[]> {
  const row = (await transaction.get('SELECT count(*) AS n FROM clock_acceptance'))!;
  return integer(row, 'n') === clockAcceptances
    ? []
    : ['a clock was accepted that the audit log does not name'];
}

function sorted(members: AuditedMembers): [string, string | number][] {
  return Object.entries(members).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
