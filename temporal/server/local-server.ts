import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder } from '../../disk/make-folder.ts';
import { openClientConnection } from './client-connection.ts';
import { startDevServer, watchDevServer } from './dev-server.ts';
import type { DevServer } from './dev-server.ts';
import { isDatabaseOpen, tryLock } from '../../disk/exclusive-lock.ts';
import { isServing } from './is-serving.ts';
import { joinRunningLine } from './join-running-line.ts';
import type { LocalServerOptions } from './local-server-options.ts';
import { ensureOwnNamespace } from './own-namespace.ts';
import { partitionSettings } from './partitions.ts';
import { ownServer } from './own-server.ts';
import { endProcess, isRunning } from '../program/process-identity.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { addressOf, readServerRecord } from './server-record.ts';
import { findTemporalBinary } from '../program/temporal-binary.ts';
import type { TemporalServer } from './temporal-server.ts';
import { TEMPORAL_SERVER_ERROR_CODES, TemporalServerError } from '../program/temporal-server-error.ts';
import { withinLimits } from './within-limits.ts';

/**
 * The dev server of this state folder: one that another process runs (joined, not owned), one that a killed process
 * left (adopted), or a new one. A lock on the folder prevents a second one.
 */
export async function openLocalServer(options: LocalServerOptions): Promise<TemporalServer> {
  makeFolder(options.directory);
  const lockPath = join(options.directory, 'temporal-server.lock');
  for (;;) {
    options.signal?.throwIfAborted();
    const lock = tryLock(lockPath);
    if (lock === undefined) {
      const joined = await joinRunningLine(options, lockPath);
      if (joined !== undefined) return joined;
      continue;
    }
    try {
      const server = (await adoptServer(options)) ?? (await startServer(options));
      await prepare(server, options);
      return await ownServer(options, server, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }
}

/** Takes over the recorded server if it is really that process and answers; else ends it. */
async function adoptServer(options: LocalServerOptions): Promise<DevServer | undefined> {
  const record = readServerRecord(options.directory);
  if (record === undefined || !isRunning(record.process)) return undefined;
  const { pid } = record.process;
  const giveUpAt = Date.now() + options.patience.adoptMs;
  while (isRunning(record.process) && Date.now() < giveUpAt) {
    if (await isServing(addressOf(record), 2_000)) {
      options.report(
        `Taking over the Temporal server (pid ${pid}) that an earlier factory line left running.`,
      );
      return watchDevServer(record, options.directory);
    }
    await delay(100, undefined, { signal: options.signal });
  }
  options.report(
    `The Temporal server (pid ${pid}) that an earlier factory line left does not answer; replacing it.`,
  );
  await endProcess(record.process, options.patience.stopMs);
  return undefined;
}

async function startServer(options: LocalServerOptions): Promise<DevServer> {
  const { directory, environment, ui, report, signal, patience } = options;
  const databasePath = join(directory, 'temporal.db');
  await waitUntilFree(databasePath, options);
  const { path: binaryPath, source } = await findTemporalBinary({ environment, report, signal });
  options.onProgram?.();
  report(`Starting Temporal's dev server: ${source}.`);
  // After a crash, workers on other hosts still connect to the old port.
  const crashed = readServerRecord(directory);
  const preferredPorts = crashed === undefined ? [] : [crashed.ports];
  const settings = partitionSettings(directory, databasePath);
  const place = { directory, databasePath, settings, preferredPorts };
  return startDevServer({ binaryPath, source, ...place, ui, environment, report, signal, patience });
}

/** A server that is ending needs a moment; after that, it is an unknown process that has the database. */
async function waitUntilFree(databasePath: string, options: LocalServerOptions): Promise<void> {
  const giveUpAt = Date.now() + options.patience.stopMs;
  while (isDatabaseOpen(databasePath)) {
    if (Date.now() > giveUpAt) {
      throw new TemporalServerError(
        TEMPORAL_SERVER_ERROR_CODES.DATABASE_IN_USE,
        `Another process has ${databasePath} open, and two servers would destroy one database; end that process (fuser ${databasePath} shows it) or use another state folder.`,
      );
    }
    await delay(100, undefined, { signal: options.signal });
  }
}

/** Namespace, retention and search attributes; a server that refuses them is ended. */
async function prepare(server: DevServer, options: LocalServerOptions): Promise<void> {
  const { namespace, searchAttributes, signal } = options;
  const connection = await openClientConnection({ address: addressOf(server.record) });
  try {
    await withinLimits(connection, signal, async () => {
      await ensureOwnNamespace(connection, namespace);
      await ensureSearchAttributes(connection, namespace, searchAttributes, signal);
    });
    signal?.throwIfAborted();
  } catch (error) {
    await endProcess(server.record.process, options.patience.stopMs);
    throw error;
  } finally {
    await connection.close();
  }
}
