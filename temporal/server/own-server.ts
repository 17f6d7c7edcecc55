import type { DevServer } from './dev-server.ts';
import type { ExclusiveLock } from '../../disk/exclusive-lock.ts';
import type { LocalServerOptions } from './local-server-options.ts';
import { endProcess, sendSignal } from '../program/process-identity.ts';
import { describeServer, removeServerRecord } from './server-record.ts';
import type { ServerRecord } from './server-record.ts';
import type { TemporalServer } from './temporal-server.ts';
import { startUiGuard } from './ui-guard.ts';
import type { UiGuard } from './ui-guard.ts';

/**
 * Ties a running dev server to this process: it ends by `stop`, or when the process ends, except by
 * SIGKILL. If the server ends by itself, that is reported.
 */
export async function ownServer(
  options: LocalServerOptions,
  server: DevServer,
  lock: ExclusiveLock,
): Promise<TemporalServer> {
  const { record } = server;
  const guard = await serveUi(options, record);
  let stopping: Promise<void> | undefined;
  const endWithProcess = (): void => {
    removeServerRecord(options.directory);
    sendSignal(record.process, 'SIGTERM');
  };
  const stop = async (): Promise<void> => {
    process.removeListener('exit', endWithProcess);
    await guard?.close();
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

/** The page for people. A line works without it: that its port is taken is said, and no more. */
async function serveUi(options: LocalServerOptions, record: ServerRecord): Promise<UiGuard | undefined> {
  if (!record.ui || record.uiInside === undefined) return undefined;
  const { ui: port } = record.ports;
  try {
    return await startUiGuard({ port, inside: record.uiInside, actions: options.uiActions });
  } catch (error) {
    options.report(
      `The Temporal UI is not served: port ${port} cannot be used (${(error as Error).message}).`,
    );
    return undefined;
  }
}

function describeLoss(server: DevServer, how: string): string {
  const { pid } = server.record.process;
  return `The Temporal server (pid ${pid}) ended by itself with ${how}; start the factory line again, it continues where it was. Log: ${server.logPath}`;
}
