import { isatty } from 'node:tty';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { LogLevel } from '@temporalio/worker';
import { pino, stdSerializers } from 'pino';
import type { Logger } from 'pino';
import { LogFile } from './log-file.ts';
import type { LogBounds } from './log-file.ts';
import { RepeatedWarnings } from './repeated-warnings.ts';
import { WORKER_HEARTBEAT_MS } from '../temporal/worker-presence.ts';

const STDIN = 0;

const LEVEL: Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/**
 * The log of a process: JSON lines in a file of mode 0640, so that the screen stays readable. It takes a bounded part of the disk.
 * At SIGHUP, which logrotate sends after it renamed the file, it continues in a new one. Warnings that repeat are counted.
 */
export function openLineLog(path: string, role: string, bounds?: LogBounds): Logger {
  const file = new LogFile(
    path,
    ({ message }) =>
      process.stderr.write(
        `certline: cannot write the log ${path} (${message}); continuing without it until that is possible again\n`,
      ),
    bounds,
  );
  reopenAtHangup(file);
  const { err: error } = stdSerializers;
  const repeated = new RepeatedWarnings();
  process.once('exit', () => repeated.close());
  const base = { role, pid: process.pid };
  return pino({ base, serializers: { err: error, error }, hooks: repeated.hooks }, file);
}

/** A terminal that is closed sends SIGHUP too: nobody can see the process any more, so it ends in order. */
function reopenAtHangup(file: LogFile): void {
  const wasAtTerminal = isatty(STDIN);
  process.on('SIGHUP', () => {
    file.reopen();
    if (wasAtTerminal && !isatty(STDIN)) process.kill(process.pid, 'SIGTERM');
  });
}

/**
 * Sends the Temporal SDK's own log there too. Once a process, before any worker; signals stay ours. The SDK serves its metrics
 * on `metricsAddress`; throws where that is taken, and can be called again then. The runtime keeps the process alive until the
 * last worker and connection are closed; where none is opened, until it is shut down.
 */
export function installTemporalRuntime(log: Logger, metricsAddress?: string): Pick<Runtime, 'shutdown'> {
  const temporal = log.child({ source: 'temporal' });
  const logger = new DefaultLogger('INFO', ({ level, message, meta }) => {
    // Our own line says it with the cause.
    if (message === 'Activity failed' && meta?.['sdkComponent'] === 'worker') return;
    temporal[LEVEL[level]]({ ...meta }, message);
  });
  // The native core else writes to the terminal, and not as JSON.
  const logging = { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } as const;
  const prometheus = metricsAddress !== undefined && {
    bindAddress: metricsAddress,
    countersTotalSuffix: true,
    unitSuffix: true,
    useSecondsForDurations: true,
  };
  return Runtime.install({
    logger,
    shutdownSignals: [],
    workerHeartbeatInterval: WORKER_HEARTBEAT_MS,
    telemetryOptions: { logging, ...(prometheus && { metrics: { prometheus } }) },
  });
}
