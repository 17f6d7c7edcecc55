import type { DevServer } from './dev-server.ts';
import type { ExclusiveLock } from '../../disk/exclusive-lock.ts';
import type { LocalServerOptions } from './local-server-options.ts';
import { endProcess, sendSignal } from './process-identity.ts';
import { describeServer, removeServerRecord } from './server-record.ts';
import type { TemporalServer } from './temporal-server.ts';

/**
 * Ties a running dev server to this process: it ends by `stop`, or when the process ends, except by
 * SIGKILL. If the server ends by itself, that is reported.
 */
export function ownServer(
  options: LocalServerOptions,
  server: DevServer,
  lock: ExclusiveLock,
): TemporalServer {
  const { record } = server;
  let stopping: Promise<void> | undefined;
  const endWithProcess = (): void => {
    removeServerRecord(options.directory);
    sendSignal(record.process, 'SIGTERM');
  };
  const stop = async (): Promise<void> => {
    process.removeListener('exit', endWithProcess);
    await endProcess(record.process, options.patience.stopMs);
    removeServerRecord(options.directory);
    lock.release();
  };
  process.once('exit', endWithProcess);
  const lost = Promise.withResolvers<string>();
  const watch = async (): Promise<void> => {
    const how = await server.ended;
    if (stopping !== undefined) return;
    options.report(describeLoss(server, how));
    lost.resolve(how);
  };
  void watch();
  return {
    ...describeServer(record, options.namespace),
    owned: true,
    lost: lost.promise,
    stop: async () => (stopping ??= stop()),
  };
}

function describeLoss(server: DevServer, how: string): string {
  const { pid } = server.record.process;
  return `The Temporal server (pid ${pid}) ended by itself with ${how}; start the factory line again, it continues where it was. Log: ${server.logPath}`;
}
