import { setTimeout as delay } from 'node:timers/promises';
import { openClientConnection } from './client-connection.ts';
import { tryLock } from '../../disk/exclusive-lock.ts';
import { isServing } from './is-serving.ts';
import type { LocalServerOptions } from './local-server-options.ts';
import { waitForNamespace } from './namespace-wait.ts';
import { isRunning } from '../program/process-identity.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { addressOf, describeServer, readServerRecord } from './server-record.ts';
import type { ServerRecord } from './server-record.ts';
import { withSignOfLife } from '../program/sign-of-life.ts';
import type { TemporalServer } from './temporal-server.ts';
import { TEMPORAL_SERVER_ERROR_CODES, TemporalServerError } from '../program/temporal-server-error.ts';

const REPORT_EVERY_MS = 15_000;
/** A recorded server that does not answer for this long will not come up. */
const SILENT_TIMEOUT_MS = 60_000;

/**
 * The server that another living process runs in this state folder, once it serves; that process ends it.
 * `undefined` if that process has ended: the state folder is free. Throws `TEMPORAL_UNREACHABLE` if the process runs
 * without a server.
 */
export async function joinRunningLine(
  options: LocalServerOptions,
  lockPath: string,
): Promise<TemporalServer | undefined> {
  const waiting = waitForServer(options, lockPath);
  const record = await withSignOfLife(waiting, REPORT_EVERY_MS, options.report, (elapsed) => {
    return `Waiting for the factory line that is starting in ${options.directory} to start its Temporal server: ${elapsed} so far.`;
  });
  if (record === undefined) return undefined;
  const connection = await openClientConnection({ address: addressOf(record) });
  try {
    await waitForNamespace(connection, options.namespace, options.patience.adoptMs, options.signal);
    await ensureSearchAttributes(connection, options.namespace, options.searchAttributes, options.signal);
  } finally {
    await connection.close();
  }
  return { ...describeServer(record, options.namespace), owned: false, stop: async () => undefined };
}

async function waitForServer(
  options: LocalServerOptions,
  lockPath: string,
): Promise<ServerRecord | undefined> {
  let silentSince: number | undefined;
  for (;;) {
    const record = readServerRecord(options.directory);
    if (record !== undefined && isRunning(record.process) && (await isServing(addressOf(record), 1_000))) {
      return record;
    }
    const lock = tryLock(lockPath);
    lock?.release();
    if (lock !== undefined) return undefined;
    silentSince = record === undefined ? undefined : (silentSince ?? Date.now());
    if (silentSince !== undefined && Date.now() - silentSince > SILENT_TIMEOUT_MS) throw silent(options);
    await delay(100, undefined, { signal: options.signal });
  }
}

function silent(options: LocalServerOptions): TemporalServerError {
  return new TemporalServerError(
    TEMPORAL_SERVER_ERROR_CODES.UNREACHABLE,
    `A factory line runs in ${options.directory}, but its Temporal server does not answer; stop that factory line and start it again.`,
  );
}
