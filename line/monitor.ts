import type { Logger } from 'pino';
import { Monitor } from '../monitoring/monitor.ts';
import { serveMonitor } from '../monitoring/monitor-server.ts';
import { boundedSdkMetrics } from '../monitoring/sdk-metrics.ts';
import { openServiceManager } from '../monitoring/service-manager.ts';
import { freePort } from '../temporal/server/server-ports.ts';
import type { LineConfig } from './config.ts';
import { installTemporalRuntime } from './log.ts';

/** Another process may take the free port that was found for the SDK. */
const PORT_TRIES = 5;

const SDK_PATIENCE_MS = 4_000;

/** What can be seen of this process from outside. */
export interface LineMonitor {
  readonly monitor: Monitor;
  /** `host:port` of /metrics, /healthz and /readyz; undefined where none is configured. */
  readonly address: string | undefined;
  /** The role works: to be called once. */
  started(): Promise<void>;
  close(): Promise<void>;
  /** In the place of `close`, where the role did not start: nothing of it keeps the process alive. */
  abandon(): Promise<void>;
}

/**
 * Installs the runtime of Temporal's SDK with this log, and serves its metrics and ours if the configuration
 * names an address. Once a process, before any worker. Throws MONITOR_ADDRESS.
 */
export async function openLineMonitor(
  role: string,
  config: Pick<LineConfig, 'metrics'>,
  log: Logger,
): Promise<LineMonitor> {
  const monitor = new Monitor();
  const manager = openServiceManager(process.env, (error) =>
    log.warn({ err: error }, 'systemd could not be notified'),
  );
  const address = config.metrics?.address;
  const { sdkAddress, runtime } = await installRuntime(log, address !== undefined);
  const sdkMetrics = async (): Promise<string> => {
    const signal = AbortSignal.timeout(SDK_PATIENCE_MS);
    const answer = await fetch(`http://${sdkAddress}/metrics`, { signal });
    return boundedSdkMetrics(await answer.text());
  };
  const served = async () =>
    address === undefined ? undefined : await serveMonitor({ address, role, monitor, sdkMetrics });
  const server = await served().catch(async (error: unknown) => {
    await runtime.shutdown();
    throw error;
  });
  if (server !== undefined) log.info({ address: server.address }, 'metrics are served');
  const close = async (): Promise<void> => {
    await manager.stopping();
    await server?.close();
    await monitor.settled();
  };
  return {
    monitor,
    address: server?.address,
    started: async () => {
      monitor.readiness.started();
      await manager.ready();
    },
    close,
    abandon: async () => {
      try {
        await close();
      } finally {
        await runtime.shutdown();
      }
    },
  };
}

/** The SDK serves its metrics itself, on a free port of this host: `host:port`. */
async function installRuntime(
  log: Logger,
  isMeasured: boolean,
): Promise<{
  readonly sdkAddress?: string;
  readonly runtime: ReturnType<typeof installTemporalRuntime>;
}> {
  if (!isMeasured) return { runtime: installTemporalRuntime(log) };
  for (let tries = 1; ; tries += 1) {
    const sdkAddress = `127.0.0.1:${await freePort()}`;
    try {
      return { sdkAddress, runtime: installTemporalRuntime(log, sdkAddress) };
    } catch (error) {
      if (tries === PORT_TRIES) throw error;
    }
  }
}
