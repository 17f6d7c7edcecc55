import { foldSerial } from '../../provisioning/serial-number.ts';
import { bytes, integer, present, text } from '../../sql/row.ts';
import type { SqlRow, SqlValue } from '../../sql/row.ts';
import type { SqlDatabase } from '../../sql/sql-database.ts';
import { together } from '../../sql/transaction.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { isOfDevice } from '../device-registry-error.ts';
import type { DeviceRegistryReason } from '../device-registry-error.ts';
import { FAILURES_UNTIL_PARKED, LONGEST_PAUSE_MS, SECOND_LOOK_MS } from '../outbox.ts';
import type {
  Backlog,
  OpenEntries,
  Outbox,
  OutboxDepth,
  OutboxEntry,
  OutboxResult,
  EntryChoice,
  KeptAccount,
  ParkedEntry,
  RegistryStanding,
} from '../outbox.ts';

/** The outbox in the database of the registry. */
export class SqlOutbox implements Outbox {
  readonly #db: SqlDatabase;

  constructor(db: SqlDatabase) {
    this.#db = db;
  }

  due(registry: string, now: number, limit: number): Promise<OutboxEntry[]> {
    return this.#db.read((db) => dueEntries(db, registry, now, limit));
  }

  settle(registry: string, results: readonly OutboxResult[], standing: RegistryStanding): Promise<void> {
    return this.#db.write(async (db) => {
      await together(...results.map((result) => settleOne(db, registry, result)));
      await recordStanding(db, registry, standing);
    });
  }

  standing(registry: string): Promise<RegistryStanding> {
    return this.#db.read(async (db) => {
      const row = await db.get('SELECT * FROM device_registries WHERE registry = ?', registry);
      return row === undefined ? AS_NEW : standingIn(row);
    });
  }

  book(registry: string, now: number, devices: number, devicesPerSecond: number): Promise<number> {
    return this.#db.write(async (db) => {
      // Times are kept in microseconds, so that no rate is rounded.
      const row = await db.get('SELECT booked_until FROM device_registries WHERE registry = ?', registry);
      const booked = row === undefined ? 0 : integer(row, 'booked_until');
      const takes = Math.ceil((devices * 1_000_000) / devicesPerSecond);
      const isBelieved = booked <= now * 1_000 + Math.max(MOST_BOOKED_AHEAD, BOOKINGS_AHEAD * takes);
      const from = isBelieved ? Math.max(now * 1_000, booked) : now * 1_000;
      const until = from + takes;
      await db.run(
        `INSERT INTO device_registries (registry, booked_until) VALUES (?, ?)
         ON CONFLICT (registry) DO UPDATE SET booked_until = excluded.booked_until`,
        registry,
        until,
      );
      return from / 1_000;
    });
  }

  keepAccount(registry: string, account: string | undefined): Promise<KeptAccount> {
    return this.#db.write(async (db) => {
      const row = await db.get('SELECT account FROM device_registries WHERE registry = ?', registry);
      const kept = row === undefined ? {} : accountIn(row);
      if (kept.account !== undefined || account === undefined) return { ...kept, isNew: false };
      await db.run(
        `INSERT INTO device_registries (registry, account) VALUES (?, ?)
         ON CONFLICT (registry) DO UPDATE SET account = excluded.account`,
        registry,
        account,
      );
      return { account, isNew: true };
    });
  }

  forgetAccount(registry: string, account: string): Promise<void> {
    return this.#db.write(async (db) => {
      const sql = 'UPDATE device_registries SET account = NULL WHERE registry = ? AND account = ?';
      await db.run(sql, registry, account);
    });
  }

  depths(): Promise<OutboxDepth[]> {
    return this.#db.read(async (db) => {
      const depths = [];
      for (const row of await db.all(DEPTHS))
        depths.push({ registry: text(row, 'registry'), ...(await depthOf(db, row)) });
      return depths;
    });
  }

  backlog(): Promise<Backlog[]> {
    return this.#db.read(async (db) =>
      (await db.all(BACKLOG)).map((row) => ({
        registry: text(row, 'registry'),
        waiting: integer(row, 'waiting'),
        parked: integer(row, 'parked'),
        ...(row['oldest_at'] !== null && { oldestAt: integer(row, 'oldest_at') }),
        ...accountIn(row),
      })),
    );
  }

  openOf(batchId: string): Promise<OpenEntries[]> {
    return this.#db.read(async (db) =>
      (await db.all(OPEN_OF_BATCH, batchId)).map((row) => ({
        registry: text(row, 'registry'),
        waiting: integer(row, 'waiting'),
        parked: integer(row, 'parked'),
      })),
    );
  }

  parked(limit: number): Promise<ParkedEntry[]> {
    // The first condition is that of the index of what is open: else all entries that were ever sent are read.
    const sql = `SELECT outbox.*, units.serial FROM outbox JOIN units USING (unit_id)
      WHERE outbox.state IN ('waiting', 'due', 'parked') AND outbox.state = 'parked' ORDER BY outbox.failed_at, outbox.entry_id LIMIT ?`;
    return this.#db.read(async (db) => (await db.all(sql, limit)).map(parkedIn));
  }

  retry(choice: EntryChoice): Promise<number> {
    return this.#db.write(async (db) => {
      const now = Date.now();
      const isLater = `state = 'due' AND due_at > ?2 AND (done_at IS NULL OR failed_at >= done_at)`;
      const [where, values] = chosen(choice, `(state = 'parked' OR (${isLater}))`);
      const again = `UPDATE outbox SET state = 'due', version = version + 1, due_at = ?1, failures = 0, failed_at = NULL,
        reason = NULL, message = NULL WHERE ${where}`;
      const count = await db.run(again, now, now, ...values);
      // Who repaired the cause does not wait for the end of a pause.
      const atOnce = 'UPDATE device_registries SET paused_until = 0, failures = 0, booked_until = 0';
      if (choice.registry === undefined) await db.run(atOnce);
      else await db.run(`${atOnce} WHERE registry = ?`, choice.registry);
      return count;
    });
  }

  abandon(
    choice: EntryChoice,
    { reason, by }: { readonly reason: string; readonly by: string },
  ): Promise<number> {
    return this.#db.write(async (db) => {
      // Also what was never tried: where nothing is sent, one bad unit looks like an outage, and a device registry that is in the
      // configuration no more is asked for nothing. What waits has its turn, unless its device registry is named.
      const turnless = choice.registry === undefined ? '' : `'waiting', `;
      const [where, values] = chosen(choice, `state IN (${turnless}'due', 'parked')`);
      const count = await db.run(
        `UPDATE outbox SET state = 'abandoned', version = version + 1, done_at = ?1,
           message = CAST(?2 AS TEXT) || coalesce(' (it was: ' || message || ')', '') WHERE ${where}`,
        Date.now(),
        `${by}: ${reason}`,
        ...values,
      );
      await db.run(RELEASE, Date.now());
      return count;
    });
  }
}

/**
 * A drain books little more than two pages ahead, each of a minute or of one device. What is booked further ahead than this, in
 * microseconds, is of a clock that was ahead, or of many drains that were killed.
 */
const MOST_BOOKED_AHEAD = 600 * 1_000_000;
const BOOKINGS_AHEAD = 3;

const AS_NEW: RegistryStanding = { failures: 0, pausedUntil: 0 };

async function dueEntries(
  db: SqlTransaction,
  registry: string,
  now: number,
  limit: number,
): Promise<OutboxEntry[]> {
  const rows = await db.all(`${DUE} AND outbox.due_at <= ? ${IN_TURN}`, registry, now, limit);
  // By two questions, each of which an index answers.
  if (rows.length < limit)
    rows.push(
      ...(await db.all(
        `${DUE} AND outbox.due_at > ? ${IN_TURN}`,
        registry,
        now + LONGEST_PAUSE_MS,
        limit - rows.length,
      )),
    );
  return [...(await together(...rows.map((row) => entryIn(db, row))))];
}

const DUE = `SELECT outbox.entry_id, outbox.version, outbox.act, outbox.is_unknown, outbox.failures, outbox.fingerprint,
    outbox.batch_id, outbox.unit_id, units.serial, units.product, units.outcome, certificates.state AS certificate_state,
    coalesce(certificates.board_id, signed.board_id) AS board_id, coalesce(certificates.der, signed.der) AS der,
    (SELECT count(*) FROM rework_units WHERE rework_units.unit_id = units.unit_id AND ended_at IS NULL) AS open_reworks
  FROM outbox JOIN units USING (unit_id) LEFT JOIN certificates USING (fingerprint)
    LEFT JOIN unregistered_certificates AS signed
      ON signed.fingerprint = outbox.fingerprint AND signed.registry = outbox.registry
  WHERE outbox.registry = ? AND outbox.state = 'due'`;
const IN_TURN = 'ORDER BY outbox.due_at, outbox.entry_id LIMIT ?';

const OTHERS = `SELECT fingerprint, state, attempt FROM certificates WHERE unit_id = ?1 AND fingerprint <> ?2
  UNION SELECT fingerprint, 'signed', 0 FROM unregistered_certificates WHERE unit_id = ?1 AND fingerprint <> ?2
  ORDER BY attempt, fingerprint`;

async function entryIn(db: SqlTransaction, row: SqlRow): Promise<OutboxEntry> {
  const fingerprint = text(row, 'fingerprint');
  const others = await db.all(OTHERS, integer(row, 'unit_id'), fingerprint);
  const inUse = others.find((other) => other['state'] === 'active');
  return {
    entryId: integer(row, 'entry_id'),
    version: integer(row, 'version'),
    act: actIn(row),
    isUnknown: row['is_unknown'] === 1,
    ownFailures: integer(row, 'failures'),
    device: {
      serial: text(row, 'serial'),
      product: text(row, 'product'),
      batchId: text(row, 'batch_id'),
      boardId: text(row, 'board_id'),
      certificate: bytes(row, 'der'),
      certificateSha256: fingerprint,
      others: others.map((other) => text(other, 'fingerprint')),
      ...(inUse !== undefined && { inUse: text(inUse, 'fingerprint') }),
      ...(inUse === undefined && continues(row) && { continues: true }),
    },
  };
}

/** A unit that is being made again; or one that is being changed, whose board was wiped for that and that nobody revoked. */
function continues(row: SqlRow): boolean {
  if (row['outcome'] === null) return true;
  return row['certificate_state'] === 'superseded' && integer(row, 'open_reworks') > 0;
}

async function settleOne(db: SqlTransaction, registry: string, result: OutboxResult): Promise<void> {
  const { entryId, version, fault, isUnsure = false, at } = result;
  const row = await db.get('SELECT * FROM outbox WHERE entry_id = ? AND version = ?', entryId, version);
  if (row === undefined || text(row, 'registry') !== registry || row['state'] !== 'due') return;
  if (fault !== undefined) return await recordFault(db, row, result, fault);
  // Until it is done, `done_at` is when it first seemed so.
  const isFirstLook = isUnsure && row['done_at'] === null;
  await db.run(
    `UPDATE outbox SET state = ?, due_at = ?, done_at = ?, is_unknown = 0, reason = NULL, message = NULL
     WHERE entry_id = ?`,
    isFirstLook ? 'due' : 'done',
    isFirstLook ? at + SECOND_LOOK_MS : integer(row, 'due_at'),
    at,
    entryId,
  );
  if (!isFirstLook) await releaseNext(db, row, at);
}

async function recordFault(
  db: SqlTransaction,
  row: SqlRow,
  { entryId, at, pace }: OutboxResult,
  { reason, message, isUnknown, isOwn }: NonNullable<OutboxResult['fault']>,
): Promise<void> {
  const failures = integer(row, 'failures') + (isOwn ? 1 : 0);
  const isParked = isOfDevice(reason) || failures >= FAILURES_UNTIL_PARKED;
  const pauseMs = Math.min(pace.firstPauseMs * 2 ** Math.max(failures - 1, 0), pace.longestPauseMs);
  await db.run(
    `UPDATE outbox SET state = ?, due_at = ?, failures = ?, failed_at = ?, is_unknown = ?, reason = ?, message = ?
     WHERE entry_id = ?`,
    isParked ? 'parked' : 'due',
    at + (reason === 'unavailable' ? pauseMs : 0),
    failures,
    at,
    isUnknown ? 1 : 0,
    reason,
    message,
    entryId,
  );
}

/** The next device registry of the product has its turn. */
async function releaseNext(db: SqlTransaction, row: SqlRow, at: number): Promise<void> {
  if (row['act'] !== 'put') return;
  await db.run(`${RELEASE} AND fingerprint = ?2`, at, text(row, 'fingerprint'));
}

/** What waits has its turn when nothing of its certificate is open before it. */
const RELEASE = `UPDATE outbox SET state = 'due', due_at = ?1 WHERE state = 'waiting' AND NOT EXISTS (
    SELECT 1 FROM outbox AS before WHERE before.fingerprint = outbox.fingerprint AND before.position < outbox.position
      AND before.state IN ('waiting', 'due', 'parked'))`;

async function recordStanding(
  db: SqlTransaction,
  registry: string,
  standing: RegistryStanding,
): Promise<void> {
  await db.run(
    `INSERT INTO device_registries (registry, failures, paused_until, reason, message) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (registry) DO UPDATE SET failures = excluded.failures, paused_until = excluded.paused_until,
       reason = excluded.reason, message = excluded.message`,
    registry,
    standing.failures,
    Math.ceil(standing.pausedUntil),
    standing.reason,
    standing.message,
  );
}

function standingIn(row: SqlRow): RegistryStanding {
  const { reason, message } = present(row, { reason: 'reason', message: 'message' });
  return {
    failures: integer(row, 'failures'),
    pausedUntil: integer(row, 'paused_until'),
    ...(reason !== undefined && { reason: reason as DeviceRegistryReason }),
    ...(message !== undefined && { message }),
  };
}

function accountIn(row: SqlRow): { account?: string } {
  return present(row, { account: 'account' });
}

const DEPTHS = `SELECT registry,
    sum(CASE WHEN state IN ('due', 'waiting') THEN 1 ELSE 0 END) AS waiting,
    sum(CASE WHEN state = 'parked' THEN 1 ELSE 0 END) AS parked,
    sum(CASE WHEN state = 'done' THEN 1 ELSE 0 END) AS done,
    sum(CASE WHEN state = 'abandoned' THEN 1 ELSE 0 END) AS abandoned,
    min(CASE WHEN state IN ('due', 'waiting', 'parked') THEN recorded_at END) AS oldest_at
  FROM outbox GROUP BY registry ORDER BY registry`;

/** By the index of what is open: the condition is that of the index, and the names are no column, whose index would be used instead. */
const BACKLOG = `SELECT registry, coalesce(waiting, 0) AS waiting, coalesce(parked, 0) AS parked, oldest_at, account
  FROM device_registries LEFT JOIN (
    SELECT registry || '' AS registry, sum(CASE WHEN state <> 'parked' THEN 1 ELSE 0 END) AS waiting,
      sum(CASE WHEN state = 'parked' THEN 1 ELSE 0 END) AS parked, min(recorded_at) AS oldest_at
    FROM outbox WHERE state IN ('waiting', 'due', 'parked') GROUP BY 1
  ) AS open USING (registry) ORDER BY registry`;

const OPEN_OF_BATCH = `SELECT registry, sum(CASE WHEN state <> 'parked' THEN 1 ELSE 0 END) AS waiting,
    sum(CASE WHEN state = 'parked' THEN 1 ELSE 0 END) AS parked
  FROM outbox WHERE batch_id = ? AND state IN ('waiting', 'due', 'parked') GROUP BY registry ORDER BY registry`;

async function depthOf(db: SqlTransaction, row: SqlRow): Promise<Omit<OutboxDepth, 'registry'>> {
  const known = await db.get('SELECT * FROM device_registries WHERE registry = ?', text(row, 'registry'));
  return {
    ...(known === undefined ? AS_NEW : { ...standingIn(known), ...accountIn(known) }),
    waiting: integer(row, 'waiting'),
    parked: integer(row, 'parked'),
    done: integer(row, 'done'),
    abandoned: integer(row, 'abandoned'),
    ...(row['oldest_at'] !== null && { oldestAt: integer(row, 'oldest_at') }),
  };
}

function parkedIn(row: SqlRow): ParkedEntry {
  return {
    registry: text(row, 'registry'),
    serial: text(row, 'serial'),
    batchId: text(row, 'batch_id'),
    act: actIn(row),
    certificateSha256: text(row, 'fingerprint'),
    reason: text(row, 'reason') as DeviceRegistryReason,
    message: text(row, 'message'),
    failedAt: integer(row, 'failed_at'),
  };
}

function actIn(row: SqlRow): 'put' | 'withdraw' {
  return text(row, 'act') as 'put' | 'withdraw';
}

/** A condition on the outbox, and its values, which are the third and the fourth of the statement. */
function chosen({ registry, serial }: EntryChoice, state: string): readonly [string, SqlValue[]] {
  const parts = [state];
  const values: SqlValue[] = [];
  const add = (condition: (value: string) => string, value: string): void => {
    values.push(value);
    parts.push(condition(`?${values.length + 2}`));
  };
  if (registry !== undefined) add((value) => `registry = ${value}`, registry);
  if (serial !== undefined)
    add(
      (value) => `unit_id = (SELECT unit_id FROM units WHERE serial_folded = ${value})`,
      foldSerial(serial),
    );
  return [parts.join(' AND '), values];
}
