import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isServing } from './is-serving.ts';
import type { Patience } from './patience.ts';
import { endProcess, identifyProcess, isRunning } from '../program/process-identity.ts';
import { openServerLog, serverLogPath } from './server-log.ts';
import type { ServerLog } from './server-log.ts';
import { choosePlaceInside, chooseServerPorts } from './server-ports.ts';
import type { ServerPorts } from './server-ports.ts';
import { addressOf, writeServerRecord } from './server-record.ts';
import type { ServerRecord } from './server-record.ts';
import { withSignOfLife } from '../program/sign-of-life.ts';
import type { UiInside } from './ui-guard.ts';
import { TEMPORAL_SERVER_ERROR_CODES, TemporalServerError } from '../program/temporal-server-error.ts';

/** Less than a few pages of its database. */
const ROOM_LEAST_BYTES = 65_536;

const REPORT_EVERY_MS = 10_000;
/** Another process may take a free port after we looked and before the server binds it. */
const PORT_ATTEMPTS = 5;

/** A dev server process; `ended` resolves with the exit code or signal when it has ended. */
export interface DevServer {
  readonly record: ServerRecord;
  readonly logPath: string;
  readonly ended: Promise<string>;
}

/** What a start needs; `preferredPorts` are tried before Temporal's default ones. */
export interface DevServerStart {
  readonly binaryPath: string;
  /** Where the program came from, for people. */
  readonly source: string;
  readonly directory: string;
  readonly databasePath: string;
  /** Of Temporal's dynamic configuration, as `key=value`, for this database. */
  readonly settings: readonly string[];
  readonly ui: boolean;
  readonly preferredPorts: readonly ServerPorts[];
  readonly environment: NodeJS.ProcessEnv;
  readonly report: (line: string) => void;
  readonly signal: AbortSignal | undefined;
  readonly patience: Patience;
}

/**
 * Starts a dev server on the database file and waits until it serves. Throws `TEMPORAL_START_FAILED` with the end of
 * its log, or the signal's reason; no process is left then.
 */
export async function startDevServer(start: DevServerStart): Promise<DevServer> {
  for (let attempt = 1; ; attempt += 1) {
    start.signal?.throwIfAborted();
    const ports = await chooseServerPorts(attempt === 1 ? start.preferredPorts : []);
    const log = openServerLog(start.directory);
    const started = await spawnServer(start, ports, log);
    const endedAtOnce = typeof started === 'string';
    const failure = endedAtOnce ? `it ended at once with ${started}` : await waitUntilServing(started, start);
    if (!endedAtOnce && failure === undefined) return started;
    if (attempt < PORT_ATTEMPTS && log.says(/address already in use/i)) continue;
    // It could not write its log either, so that says nothing.
    if (await isFull(start.directory)) throw diskFull(start);
    throw startFailed(start, `${failure}; its last log lines: ${log.tail(3)} (whole log: ${log.path})`);
  }
}

/** The running process, or how it ended if it ended before it could be identified. */
async function spawnServer(
  start: DevServerStart,
  ports: ServerPorts,
  log: ServerLog,
): Promise<DevServer | string> {
  const uiInside = await choosePlaceInside();
  const child = spawn(start.binaryPath, serverArguments(start, ports, uiInside), {
    cwd: start.directory,
    env: withoutTemporalSettings(start.environment),
    stdio: ['ignore', log.descriptor, log.descriptor],
    // A process group of its own: Ctrl-C must reach only the factory line, which stops its server last.
    detached: true,
  });
  closeSync(log.descriptor);
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw startFailed(start, (error as Error).message, error);
  }
  const ended = describeEnd(child);
  const identity = identifyProcess(child.pid ?? 0);
  if (identity === undefined) return await ended;
  const record: ServerRecord = { process: identity, ports, ui: start.ui, uiInside, source: start.source };
  // Written at once: if this process is killed now, the next one must find the server.
  writeServerRecord(start.directory, record);
  child.unref();
  return { record, logPath: log.path, ended };
}

function serverArguments(
  { databasePath, settings, ui }: DevServerStart,
  ports: ServerPorts,
  inside: UiInside,
): string[] {
  const page = ui ? [`--ui-ip=${inside.host}`, `--ui-port=${inside.port}`] : ['--headless'];
  return [
    'server',
    'start-dev',
    '--ip=127.0.0.1',
    `--port=${ports.frontend}`,
    ...page,
    `--db-filename=${databasePath}`,
    // Measured: 21 units a second instead of 7.5 with SQLite's defaults. A power cut may lose the last
    // commits; the database stays whole.
    '--sqlite-pragma=journal_mode=WAL',
    '--sqlite-pragma=synchronous=NORMAL',
    // The server must not contact Temporal's version service.
    '--dynamic-config-value=frontend.enableServerVersionCheck=false',
    // The server also has an HTTP API on a port of its own choice, which answers any web page. We use gRPC only, so no
    // name is an allowed one: .invalid never exists (RFC 2606 §2).
    '--dynamic-config-value=frontend.httpAllowedHosts=["nobody.invalid"]',
    ...settings.map((setting) => `--dynamic-config-value=${setting}`),
    '--log-level=warn',
    '--log-format=json',
  ];
}

/** Resolves to `undefined` once the server serves, else to the reason; the process has ended then. */
async function waitUntilServing(server: DevServer, start: DevServerStart): Promise<string | undefined> {
  const giveUp = new AbortController();
  const polling = pollUntilServing(
    server,
    start.patience.startMs,
    AbortSignal.any([giveUp.signal, ...(start.signal ? [start.signal] : [])]),
  );
  const outcome = Promise.race([polling, server.ended.then((how) => `it ended with ${how}`)]);
  try {
    const line = (elapsed: string): string => `The Temporal server is starting: ${elapsed} so far.`;
    const failure = await withSignOfLife(outcome, REPORT_EVERY_MS, start.report, line);
    if (failure !== undefined) await endProcess(server.record.process, start.patience.stopMs);
    return failure;
  } catch (error) {
    await endProcess(server.record.process, start.patience.stopMs);
    throw error;
  } finally {
    giveUp.abort();
  }
}

async function pollUntilServing(
  server: DevServer,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const giveUpAt = Date.now() + timeoutMs;
  while (Date.now() < giveUpAt) {
    if (await isServing(addressOf(server.record), 1_000)) return undefined;
    await delay(50, undefined, { signal });
  }
  return `it does not serve after ${timeoutMs / 1000} s`;
}

/** A dev server that a killed factory line left running. It is not our child, so its end is found by polling. */
export function watchDevServer(record: ServerRecord, directory: string): DevServer {
  const ended = new Promise<string>((resolve) => {
    const timer = setInterval(() => {
      if (isRunning(record.process)) return;
      clearInterval(timer);
      resolve('an unknown exit code');
    }, 250);
    timer.unref();
  });
  return { record, logPath: serverLogPath(directory), ended };
}

async function describeEnd(child: ChildProcess): Promise<string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

/** The command line reads TEMPORAL_ADDRESS and similar variables, which are about another server. */
function withoutTemporalSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('TEMPORAL_')));
}

async function isFull(directory: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize < ROOM_LEAST_BYTES;
}

function diskFull({ databasePath }: DevServerStart): Error {
  const message = `The Temporal server does not start on ${databasePath}: no space left on the device`;
  return Object.assign(new Error(message), { code: 'ENOSPC' });
}

function startFailed(start: DevServerStart, reason: string, cause?: unknown): TemporalServerError {
  return new TemporalServerError(
    TEMPORAL_SERVER_ERROR_CODES.START_FAILED,
    `The Temporal server ${start.binaryPath} does not start on ${start.databasePath}: ${reason}`,
    { cause },
  );
}
