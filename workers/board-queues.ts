import type { Logger } from 'pino';
import type { Station } from '../fixtures/station/station.ts';
import { Turn } from '../provisioning/turn.ts';
import type { Role } from './role.ts';

/**
 * Boards that belong to one unit (named by a manifest, or with our certificate) have a task queue of their
 * own. This keeps one worker for each such queue, for as long as the board is in a socket. It ends when one of them fails.
 */
export function followBoardQueues(
  station: Station,
  log: Logger,
  openWorker: (queue: string) => Promise<Role>,
): Role {
  const workers = new Map<string, Role>();
  const failure = Promise.withResolvers<void>();
  failure.promise.catch(() => undefined);
  const fail = (error: unknown): void => failure.reject(error);
  let stopped = false;
  const turn = new Turn();

  async function adjust(): Promise<void> {
    if (stopped) return;
    const wanted = new Set(station.ownQueues);
    for (const queue of wanted) {
      if (!workers.has(queue)) {
        const worker = await openWorker(queue);
        workers.set(queue, worker);
        worker.ended.catch(fail);
        log.info({ station: station.id, queue }, 'board offered on its own queue');
      }
    }
    for (const [queue, worker] of workers) {
      if (wanted.has(queue) || station.capacity(queue) > 0) continue;
      workers.delete(queue);
      await worker.stop();
    }
  }

  const follow = (): void => {
    turn.run(adjust).catch(fail);
  };
  station.changes.on('change', follow);
  return {
    ended: failure.promise,
    stop: async () => {
      stopped = true;
      station.changes.off('change', follow);
      // Waits for an adjustment that is under way.
      await turn.run(async () => undefined);
      await Promise.all([...workers.values()].map((worker) => worker.stop()));
    },
  };
}
