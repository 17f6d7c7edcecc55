import { setTimeout } from 'node:timers/promises';
import type { Client } from 'pg';
import type { ExclusiveLock } from '../disk/exclusive-lock.ts';
import { postgresError } from './postgres-database.ts';
import { postgresClientConfig, postgresName } from './postgres-place.ts';
import type { PostgresPlace } from './postgres-place.ts';
import { postgresTrouble } from './postgres-trouble.ts';
import type { PostgresTrouble } from './postgres-trouble.ts';
import type { Store } from './sql-database.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const RETRY_MS = 500;

/** The server is away, or has no connection free. */
const PASSING: ReadonlySet<unknown> = new Set<PostgresTrouble>(['connection', 'connections']);

/** A server that cannot reach the process that holds a lock frees it after a minute. */
const SESSION = '-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3';

/**
 * Waits for an advisory lock of a store's server, calling `onWait` once if another process has it or the server does not
 * answer; rejects with the signal's reason. It is lost with the connection, as when the server stops.
 */
export async function waitForPostgresLock(
  store: Store,
  place: PostgresPlace,
  lock: number,
  onWait: () => void,
  signal: AbortSignal,
): Promise<ExclusiveLock> {
  for (;;) {
    signal.throwIfAborted();
    const taken = await tryLock(place, lock).catch((error: unknown) => {
      if (PASSING.has(postgresTrouble(error))) return undefined;
      throw postgresError(store, postgresName(place), error);
    });
    if (taken !== undefined) return taken;
    onWait();
    await setTimeout(RETRY_MS, undefined, { signal });
  }
}

async function tryLock(place: PostgresPlace, lock: number): Promise<ExclusiveLock | undefined> {
  const { default: pg } = await import('pg');
  const lost = Promise.withResolvers<void>();
  const client: Client = new pg.Client({
    ...postgresClientConfig(place),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    options: SESSION,
  });
  client.on('error', () => lost.resolve());
  client.on('end', () => lost.resolve());
  const end = (): void => void client.end().catch(() => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      lock,
    ]);
    if (rows[0]?.taken) return { release: end, lost: lost.promise };
  } catch (error) {
    end();
    throw error;
  }
  end();
  return undefined;
}
