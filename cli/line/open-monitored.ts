import type { Logger } from 'pino';
import type { LineConfig } from '../../line/config.ts';
import { openLineMonitor } from '../../line/monitor.ts';
import type { Monitor } from '../../monitoring/monitor.ts';
import type { Role } from '../../workers/role.ts';

/** A role that works, and can be seen from outside. */
export interface Monitored<T> extends Pick<Role, 'stop'> {
  readonly role: T;
  /** The role works: to be called once. */
  started(): Promise<void>;
}

/** Opens a role with its monitor. Where the role does not open, its error is thrown and the monitor is closed. Throws MONITOR_ADDRESS. */
export async function openMonitored<T extends Pick<Role, 'stop'>>(
  name: string,
  { config, log }: { readonly config: Pick<LineConfig, 'metrics'>; readonly log: Logger },
  open: (monitor: Monitor) => Promise<T>,
): Promise<Monitored<T>> {
  const seen = await openLineMonitor(name, config, log);
  try {
    const role = await open(seen.monitor);
    const stop = async (): Promise<void> => {
      await seen.close();
      await role.stop();
    };
    return { role, started: () => seen.started(), stop };
  } catch (error) {
    await seen.abandon().catch((second: unknown) => log.warn({ err: second }, 'closing failed'));
    throw error;
  }
}
