import { setTimeout as sleep } from 'node:timers/promises';
import type { SmpClient } from '../../smp/client/client.ts';
import { OS_ECHO } from '../../smp/requests/os-requests.ts';
import { isSmpError, isUnanswered } from '../../smp/smp-error.ts';

/** How a restart showed. */
export type RestartSign = 'port' | 'banner' | 'silence' | 'nothing';

/**
 * CONFIG_MCUMGR_GRP_OS_RESET_MS is 250: before that a board answers as if nothing were. A slow one gets four times
 * that.
 */
const WATCH_MS = 1_250;
/** Between two questions, and how long each may take: a board that was quick until now is not slow without a cause. */
const PAUSE_MS = 5;
const ANSWER_MS = 150;

/** Asks a board that accepted a restart until it shows that it restarts. */
export async function watchRestart(client: SmpClient, signal: AbortSignal): Promise<RestartSign> {
  const endsAt = performance.now() + WATCH_MS;
  const starts = client.statistics.starts;
  while (performance.now() < endsAt) {
    try {
      const deadlineMs = performance.now() + ANSWER_MS;
      await client.ask(OS_ECHO, { text: '' }, { signal, attempts: 1, deadlineMs });
    } catch (error) {
      if (isSmpError(error, 'LINK_LOST')) return 'port';
      if (isUnanswered(error)) return client.statistics.starts > starts ? 'banner' : 'silence';
      throw error;
    }
    if (client.statistics.starts > starts) return 'banner';
    await sleep(PAUSE_MS, undefined, { signal });
  }
  return 'nothing';
}
