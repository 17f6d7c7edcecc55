import type { Client, Pool, PoolClient, QueryConfig } from 'pg';
import { CommitQueue } from '../../sql/commit-queue.ts';
import type { GroupTransaction } from '../../sql/commit-queue.ts';
import type { SqlRow, SqlValue } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import type { LedgerDatabase, LedgerMode } from './ledger-database.ts';
import { ledgerNewer, ledgerOlder, ledgerUnavailable } from './ledger-errors.ts';
import { postgresError } from './postgres-errors.ts';
import { POSTGRESQL } from '../../sql/dialect.ts';
import { ledgerMigrations } from './migrations.ts';
import { postgresClientConfig, postgresName } from './postgres-place.ts';
import type { PostgresPlace } from './postgres-place.ts';

const MIGRATIONS = ledgerMigrations(POSTGRESQL);

/** One connection writes at a time anyway; the others read. */
const MAX_CONNECTIONS = 4;

/** How long a connection, and a write for the lock that another signer holds, may take. */
const CONNECT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 2_000;

/**
 * Each statement is of a few rows: a server that says nothing for so long, or a signer that holds the lock, is gone.
 */
const SILENCE_TIMEOUT_MS = 10_000;
/** A migration may rewrite every row there is. */
const MIGRATION_TIMEOUT_MS = 600_000;

const SESSION = [
  'synchronous_commit=on',
  `lock_timeout=${LOCK_TIMEOUT_MS}`,
  `idle_in_transaction_session_timeout=${SILENCE_TIMEOUT_MS}`,
];

/** Each statement sees what was committed before it, and so all that others wrote before the lock was had. */
const BEGIN_WRITE = 'BEGIN ISOLATION LEVEL READ COMMITTED';

const BEGIN_READ = 'BEGIN READ ONLY';
const BEGIN_SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

/**
 * Any fixed number: all signers of a database take this advisory lock to write, so that policy and audit see one order.
 */
const WRITE_LOCK = 0x43_65_72_74;

/**
 * A ledger's database on PostgreSQL, for signers on several hosts. Commits are synchronous whatever the server's
 * default, so that a transaction that returned survives a power cut of the server.
 */
export class PostgresDatabase implements LedgerDatabase {
  readonly #pool: Pool;
  readonly #where: string;
  readonly #writes: CommitQueue;

  private constructor(pool: Pool, where: string) {
    this.#pool = pool;
    this.#where = where;
    this.#writes = new CommitQueue(
      (work) => this.#transact(BEGIN_WRITE, (client) => writeWith(client, work)),
      (error) => postgresError(where, error),
    );
  }

  /**
   * The ledger at `place`, opened as `mode` says; undefined where there is none, unless it is opened to sign. To read,
   * the right to read suffices, and so does a standby. Throws LEDGER_UNAVAILABLE, LEDGER_NEWER, LEDGER_OLDER.
   */
  static open(place: PostgresPlace): Promise<PostgresDatabase>;
  static open(place: PostgresPlace, mode: LedgerMode): Promise<PostgresDatabase | undefined>;
  static async open(place: PostgresPlace, mode: LedgerMode = 'sign'): Promise<PostgresDatabase | undefined> {
    const database = await PostgresDatabase.#over(place);
    try {
      const [begin, prepare] = PREPARE[mode];
      if (await database.#transact(begin, prepare)) return database;
    } catch (error) {
      await database.close();
      throw error;
    }
    await database.close();
    return undefined;
  }

  static async #over(place: PostgresPlace): Promise<PostgresDatabase> {
    const { default: pg } = await import('pg');
    const pool = new pg.Pool({
      ...postgresClientConfig(place),
      Client: leaving(pg.Client),
      max: MAX_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: SILENCE_TIMEOUT_MS,
      options: SESSION.map((setting) => `-c ${setting}`).join(' '),
    });
    // A connection that breaks fails its query and is replaced; without listeners it would end the process besides.
    pool.on('error', () => {});
    pool.on('connect', (client) => client.on('error', () => {}));
    return new PostgresDatabase(pool, postgresName(place));
  }

  read<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return this.#transact(BEGIN_READ, (client) => work(statementsOver(client)));
  }

  snapshot<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return this.#transact(BEGIN_SNAPSHOT, (client) => work(statementsOver(client)));
  }

  write<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return this.#writes.enqueue(work);
  }

  waitBetweenGroups(wait: () => Promise<void> | undefined): void {
    this.#writes.waitBetweenGroups(wait);
  }

  /** Throws LEDGER_UNAVAILABLE where a signer could not write: a standby, a server that was made so, missing rights. */
  async assertWritable(): Promise<void> {
    const [isReadOnly, hasRights] = await this.#transact(BEGIN_WRITE, async (client) => {
      const { rows } = await client.query<{ fixed: boolean; rights: boolean }>(
        `SELECT current_setting('transaction_read_only') = 'on' AS fixed,
           has_table_privilege('issuance', 'INSERT, UPDATE') AS rights`,
      );
      return [rows[0]?.fixed === true, rows[0]?.rights === true] as const;
    });
    if (isReadOnly) throw ledgerUnavailable(this.#where, 'read-only');
    if (!hasRights) throw ledgerUnavailable(this.#where, 'rights');
  }

  async close(): Promise<void> {
    await this.#writes.idle();
    if (!this.#pool.ended) await this.#pool.end();
  }

  /** A connection that failed in any way is not used again: what its transaction came to is unknown. */
  async #transact<T>(begin: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    let client: PoolClient | undefined;
    try {
      client = await this.#pool.connect();
      await client.query(begin);
      const result = await work(client);
      await client.query('COMMIT');
      client.release();
      return result;
    } catch (error) {
      client?.release(true);
      throw postgresError(this.#where, error);
    }
  }
}

/**
 * `pg` keeps a connection open that it could not log in with: tried again and again, all the server has would be taken.
 */
function leaving(Base: typeof Client): typeof Client {
  return class extends Base {
    override connect(): Promise<this>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback?: (error: Error) => void): Promise<this> | void {
      if (callback === undefined) return super.connect() as Promise<this>;
      super.connect((error: Error | null) => {
        if (error) this.end(() => undefined);
        callback(error!);
      });
    }
  };
}

/** One signer's writes at a time, over all hosts. */
async function writeWith(
  client: PoolClient,
  work: (group: GroupTransaction) => Promise<void>,
): Promise<void> {
  let broken = false;
  const onError = (): void => void (broken = true);
  client.on('error', onError);
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [WRITE_LOCK]);
    await work({
      statements: statementsOver(client),
      control: async (sql) => void (await client.query(sql)),
      isOpen: () => !broken,
    });
  } finally {
    client.off('error', onError);
  }
}

function statementsOver(client: PoolClient): SqlTransaction {
  const query = async (sql: string, values: readonly SqlValue[]): Promise<SqlRow[]> => {
    const { rows } = await client.query<SqlRow>(numbered(sql), [...values]);
    return rows.map(plainRow);
  };
  return {
    get: async (sql, ...values) => (await query(sql, values))[0],
    all: (sql, ...values) => query(sql, values),
    run: async (sql, ...values) => (await client.query(numbered(sql), [...values])).rowCount ?? 0,
  };
}

/** Bytes as every ledger gives them, not as the Buffer that `pg` makes. */
function plainRow(row: SqlRow): SqlRow {
  const plain = (value: SqlRow[string]): SqlRow[string] =>
    value instanceof Uint8Array ? Uint8Array.from(value) : value;
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, plain(value)]));
}

/** `?` of the ledger's statements as `$1`, `$2`, …; none of them has a question mark in a string. */
function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll('?', () => `$${(count += 1)}`);
}

/** Whether there is a ledger then, of this version. */
type Preparation = (client: PoolClient) => Promise<boolean>;

async function migrate(client: PoolClient): Promise<boolean> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [WRITE_LOCK]);
  await client.query('CREATE TABLE IF NOT EXISTS ledger_version (version INTEGER NOT NULL)');
  const version = await versionOf(client);
  if (version > MIGRATIONS.length) throw ledgerNewer('on PostgreSQL');
  if (version === MIGRATIONS.length) return true;
  for (const text of MIGRATIONS.slice(version)) {
    const script: QueryConfig & { query_timeout: number } = { text, query_timeout: MIGRATION_TIMEOUT_MS };
    await client.query(script);
  }
  await client.query('DELETE FROM ledger_version');
  await client.query('INSERT INTO ledger_version VALUES ($1)', [MIGRATIONS.length]);
  return true;
}

const migrateExisting: Preparation = async (client) => (await isThere(client)) && (await migrate(client));

const assertCurrent: Preparation = async (client) => {
  if (!(await isThere(client))) return false;
  const version = await versionOf(client);
  if (version > MIGRATIONS.length) throw ledgerNewer('on PostgreSQL');
  if (version < MIGRATIONS.length) throw ledgerOlder('on PostgreSQL');
  return true;
};

const PREPARE: Readonly<Record<LedgerMode, readonly [begin: string, Preparation]>> = {
  sign: [BEGIN_WRITE, migrate],
  command: [BEGIN_WRITE, migrateExisting],
  read: [BEGIN_READ, assertCurrent],
};

async function versionOf(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ version: number }>('SELECT version FROM ledger_version');
  return rows[0]?.version ?? 0;
}

async function isThere(client: PoolClient): Promise<boolean> {
  const sql = `SELECT to_regclass('ledger_version') IS NOT NULL AS found`;
  const { rows } = await client.query<{ found: boolean }>(sql);
  return rows[0]?.found === true;
}
