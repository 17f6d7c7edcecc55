import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { LogLevel } from '@temporalio/worker';
import { destination, pino, stdSerializers } from 'pino';
import type { Logger } from 'pino';
import { WORKER_HEARTBEAT_MS } from '../temporal/worker-presence.ts';

const LEVEL: Record<LogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error'> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
};

/** The log of a process: JSON lines in a file, so that the screen stays readable. */
export function openLineLog(path: string, role: string): Logger {
  mkdirSync(dirname(path), { recursive: true });
  const file = destination({ dest: path, append: true, mkdir: true });
  let isTold = false;
  // A log that cannot be written must not stop a factory line in the middle of a board: say it once, drop the text.
  file.on('error', (error: Error) => {
    if (!isTold)
      process.stderr.write(
        `certline: cannot write the log ${path} (${error.message}); continuing without it\n`,
      );
    isTold = true;
  });
  const { err: error } = stdSerializers;
  return pino({ base: { role, pid: process.pid }, serializers: { err: error, error } }, file);
}

/** Sends the Temporal SDK's own log there too. Once a process, before any worker; signals stay ours. */
export function installTemporalRuntime(log: Logger): void {
  const temporal = log.child({ source: 'temporal' });
  const logger = new DefaultLogger('INFO', ({ level, message, meta }) => {
    temporal[LEVEL[level]]({ ...meta }, message);
  });
  Runtime.install({ logger, shutdownSignals: [], workerHeartbeatInterval: WORKER_HEARTBEAT_MS });
}
