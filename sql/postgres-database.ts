import type { Client, ClientConfig, Pool, PoolClient, PoolConfig, QueryConfig, QueryResult } from 'pg';
import { CommitQueue } from './commit-queue.ts';
import type { GroupTransaction } from './commit-queue.ts';
import { DatabaseTroubleError } from './database-trouble.ts';
import { POSTGRESQL } from './dialect.ts';
import { postgresClientConfig, postgresName } from './postgres-place.ts';
import type { PostgresPlace } from './postgres-place.ts';
import { postgresTrouble } from './postgres-trouble.ts';
import type { SqlRow, SqlValue } from './row.ts';
import { SchemaVersionError } from './schema-version-error.ts';
import type { OpenMode, SqlDatabase, Store } from './sql-database.ts';
import { together } from './transaction.ts';
import type { SqlTransaction } from './transaction.ts';

/** One connection writes at a time anyway; the others read. */
const MAX_CONNECTIONS = 4;

/** How long a connection, and a write for the lock that another process holds, may take. */
const CONNECT_TIMEOUT_MS = 5_000;
const LOCK_TIMEOUT_MS = 2_000;

/** A migration may rewrite every row there is. */
const MIGRATION_TIMEOUT_MS = 600_000;

/** A process that holds the lock and says nothing is gone. */
const sessionOf = ({ silenceMs }: Store): string[] => [
  'synchronous_commit=on',
  `lock_timeout=${LOCK_TIMEOUT_MS}`,
  `idle_in_transaction_session_timeout=${silenceMs}`,
];

/** Each statement sees what was committed before it, and so all that others wrote before the lock was had. */
const BEGIN_WRITE = 'BEGIN ISOLATION LEVEL READ COMMITTED';

/** All statements see what was committed before the first. */
const BEGIN_READ = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

/**
 * A store's database on PostgreSQL, for processes on several hosts. Commits are synchronous whatever the server's
 * default, so that a transaction that returned survives a power cut of the server.
 */
export class PostgresDatabase implements SqlDatabase {
  readonly #store: Store;
  readonly #pool: Pool;
  readonly #where: string;
  readonly #writes: CommitQueue;

  private constructor(store: Store, pool: Pool, where: string) {
    this.#store = store;
    this.#pool = pool;
    this.#where = where;
    this.#writes = new CommitQueue(
      (work) =>
        this.#transact(async (client) => {
          // Sent at once: what the group asks is not answered before it has the lock, and fails where that fails.
          await together(beginGroup(client, store), writeWith(client, store, work));
        }),
      (error) => postgresError(store, where, error),
    );
  }

  /**
   * The store at `place`, opened as `mode` says; undefined where there is none, unless it is made. To read, the right to
   * read suffices, and so does a standby.
   */
  static open(store: Store, place: PostgresPlace): Promise<PostgresDatabase>;
  static open(store: Store, place: PostgresPlace, mode: OpenMode): Promise<PostgresDatabase | undefined>;
  static async open(
    store: Store,
    place: PostgresPlace,
    mode: OpenMode = 'make',
  ): Promise<PostgresDatabase | undefined> {
    const database = await PostgresDatabase.#over(store, place);
    try {
      const [begin, prepare] = PREPARE[mode];
      const isOpen = await database.#transact(async (client) => {
        await client.query(begin);
        return await prepare(client, store);
      });
      if (isOpen) return database;
    } catch (error) {
      await database.close();
      throw error;
    }
    await database.close();
    return undefined;
  }

  static async #over(store: Store, place: PostgresPlace): Promise<PostgresDatabase> {
    const { default: pg } = await import('pg');
    const pool = new pg.Pool({
      ...clientConfig(store, place),
      Client: leaving(pg.Client, () => clientConfig(store, place).ssl),
      max: MAX_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: store.silenceMs,
      // Statements that do not wait for each other are sent at once.
      pipeline: true,
      options: sessionOf(store)
        .map((setting) => `-c ${setting}`)
        .join(' '),
    });
    // A connection that breaks fails its query and is replaced; without listeners it would end the process besides.
    pool.on('error', () => {});
    pool.on('connect', (client) => client.on('error', () => {}));
    return new PostgresDatabase(store, pool, postgresName(place));
  }

  read<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return this.#transact(async (client) => {
      const [, result] = await together(client.query(BEGIN_READ), work(statementsOver(client, this.#store)));
      return result;
    });
  }

  snapshot<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return this.read(work);
  }

  write<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return this.#writes.enqueue(work);
  }

  waitBetweenGroups(wait: () => Promise<void> | undefined): void {
    this.#writes.waitBetweenGroups(wait);
  }

  /** Throws where nothing could be written: a standby, a server that was made so, missing rights. */
  async assertWritable(): Promise<void> {
    await this.#transact(async (client) => {
      await client.query(BEGIN_WRITE);
      const { rows } = await client.query<{ fixed: boolean; rights: boolean }>(
        `SELECT current_setting('transaction_read_only') = 'on' AS fixed,
           has_table_privilege($1, 'INSERT, UPDATE') AS rights`,
        [this.#store.mainTable],
      );
      if (rows[0]?.fixed) throw new DatabaseTroubleError('read-only');
      if (!rows[0]?.rights) throw new DatabaseTroubleError('rights');
    });
  }

  async close(): Promise<void> {
    await this.#writes.idle();
    if (!this.#pool.ended) await this.#pool.end();
  }

  /** A connection that failed in any way is not used again: what its transaction came to is unknown. */
  async #transact<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    let client: PoolClient | undefined;
    try {
      client = await this.#pool.connect();
      const result = await work(client);
      await client.query('COMMIT');
      client.release();
      return result;
    } catch (error) {
      client?.release(true);
      throw postgresError(this.#store, this.#where, error);
    }
  }
}

/**
 * `pg` keeps a connection open that it could not log in with: tried again and again, all the server has would be taken. And its pool
 * reads certificates once: `tls` reads them again for each connection, so that they can be renewed. While one of them is being
 * replaced, the earlier ones are used.
 */
function leaving(Base: typeof Client, tls: () => PoolConfig['ssl']): typeof Client {
  const renewed = (before: ClientConfig['ssl']): ClientConfig['ssl'] => {
    try {
      return tls();
    } catch {
      return before;
    }
  };
  return class extends Base {
    /** `options`: those of the pool, which hides the password in them from a copy. */
    constructor(options: ClientConfig) {
      options.ssl = renewed(options.ssl);
      super(options);
    }

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

/** One process's writes at a time, over all hosts. Throws where another version of Certline has migrated the tables. */
async function beginGroup(client: PoolClient, store: Store): Promise<void> {
  const version = `SELECT version FROM ${versionTable(store)}`;
  const lock = `SELECT pg_advisory_xact_lock(${store.writeLock})`;
  // Of several statements, `pg` gives an array.
  const begun: unknown = await client.query(`${BEGIN_WRITE}; ${lock}; ${version}`);
  assertVersion(store, begun as readonly QueryResult<{ version: number }>[]);
}

function assertVersion(store: Store, begun: readonly QueryResult<{ version: number }>[]): void {
  const version = begun.at(-1)?.rows[0]?.version ?? 0;
  const known = store.migrations(POSTGRESQL).length;
  if (version !== known) throw new SchemaVersionError(version, known);
}

async function writeWith(
  client: PoolClient,
  store: Store,
  work: (group: GroupTransaction) => Promise<void>,
): Promise<void> {
  let broken = false;
  const onError = (): void => void (broken = true);
  client.on('error', onError);
  try {
    await work({
      statements: statementsOver(client, store, onError),
      control: async (sql) => void (await client.query(sql)),
      isOpen: () => !broken,
    });
  } finally {
    client.off('error', onError);
  }
}

/** `onStale`: a statement that was prepared no longer fits the tables, so this connection is of no use any more. */
function statementsOver(client: PoolClient, { nul }: Store, onStale = (): void => {}): SqlTransaction {
  const ask = async (sql: string, values: readonly SqlValue[]): Promise<QueryResult<SqlRow>> => {
    try {
      return await client.query<SqlRow>({
        ...prepared(sql),
        values: nul === 'refused' ? [...values] : values.map(withoutNul),
      });
    } catch (error) {
      if ((error as { code?: unknown }).code === STALE_PLAN) onStale();
      throw error;
    }
  };
  const query = async (sql: string, values: readonly SqlValue[]): Promise<SqlRow[]> =>
    (await ask(sql, values)).rows.map(plainRow);
  return {
    dialect: POSTGRESQL,
    get: async (sql, ...values) => (await query(sql, values))[0],
    all: (sql, ...values) => query(sql, values),
    run: async (sql, ...values) => (await ask(sql, values)).rowCount ?? 0,
  };
}

function withoutNul(value: SqlValue): SqlValue {
  return typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value;
}

/** Bytes as every database gives them, not as the Buffer that `pg` makes. */
function plainRow(row: SqlRow): SqlRow {
  const plain = (value: SqlRow[string]): SqlRow[string] =>
    value instanceof Uint8Array ? Uint8Array.from(value) : value;
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, plain(value)]));
}

/** "cached plan must not change result type": another version has migrated the tables meanwhile. PostgreSQL, appendix A. */
const STALE_PLAN = '0A000';

/**
 * Statements that the server parses and plans once for each connection. A text that is made of what people choose has no end of
 * forms, so no more than these are kept.
 */
const PREPARED_MOST = 500;
const PREPARED = new Map<string, { readonly name?: string; readonly text: string }>();

function prepared(sql: string): { readonly name?: string; readonly text: string } {
  const known = PREPARED.get(sql);
  if (known !== undefined) return known;
  const text = numbered(sql);
  if (PREPARED.size >= PREPARED_MOST) return { text };
  const statement = { name: `s${PREPARED.size}`, text };
  PREPARED.set(sql, statement);
  return statement;
}

/** `?` as `$1`, `$2`, …, and `?2` as `$2`; no statement has a question mark in a string. */
function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll(/\?(\d*)/g, (_mark, number: string) => `$${number || (count += 1)}`);
}

/** Whether the store is there then, of this version. */
type Preparation = (client: PoolClient, store: Store) => Promise<boolean>;

async function migrate(client: PoolClient, store: Store): Promise<boolean> {
  const migrations = store.migrations(POSTGRESQL);
  await client.query('SELECT pg_advisory_xact_lock($1)', [store.writeLock]);
  await client.query(`CREATE TABLE IF NOT EXISTS ${versionTable(store)} (version INTEGER NOT NULL)`);
  const version = await versionOf(client, store);
  if (version > migrations.length) throw new SchemaVersionError(version, migrations.length);
  if (version === migrations.length) return true;
  for (const text of migrations.slice(version)) {
    const script: QueryConfig & { query_timeout: number } = { text, query_timeout: MIGRATION_TIMEOUT_MS };
    await client.query(script);
  }
  await client.query(`DELETE FROM ${versionTable(store)}`);
  await client.query(`INSERT INTO ${versionTable(store)} VALUES ($1)`, [migrations.length]);
  return true;
}

const migrateExisting: Preparation = async (client, store) =>
  (await isThere(client, store)) && (await migrate(client, store));

const assertCurrent: Preparation = async (client, store) => {
  if (!(await isThere(client, store))) return false;
  const [version, known] = [await versionOf(client, store), store.migrations(POSTGRESQL).length];
  if (version !== known) throw new SchemaVersionError(version, known);
  return true;
};

const PREPARE: Readonly<Record<OpenMode, readonly [begin: string, Preparation]>> = {
  make: [BEGIN_WRITE, migrate],
  update: [BEGIN_WRITE, migrateExisting],
  read: [BEGIN_READ, assertCurrent],
};

const versionTable = ({ name }: Store): string => `${name}_version`;

async function versionOf(client: PoolClient, store: Store): Promise<number> {
  const { rows } = await client.query<{ version: number }>(`SELECT version FROM ${versionTable(store)}`);
  return rows[0]?.version ?? 0;
}

async function isThere(client: PoolClient, store: Store): Promise<boolean> {
  const sql = `SELECT to_regclass($1) IS NOT NULL AS found`;
  const { rows } = await client.query<{ found: boolean }>(sql, [versionTable(store)]);
  return rows[0]?.found ?? false;
}

function clientConfig(store: Store, place: PostgresPlace): PoolConfig {
  try {
    return postgresClientConfig(place);
  } catch (error) {
    throw postgresError(store, postgresName(place), error);
  }
}

/** An error of `pg` in the store's terms. */
export function postgresError(store: Store, where: string, error: unknown): unknown {
  const trouble = error instanceof DatabaseTroubleError ? error.trouble : postgresTrouble(error);
  return store.translate(where, error, trouble);
}
