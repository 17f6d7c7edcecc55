import type { ExclusiveLock } from '../disk/exclusive-lock.ts';
import type { Role } from './role.ts';

/** Takes the lock, or calls `onWait` and waits; rejects when the signal aborts. */
export type TakeLock = (onWait: () => void, signal: AbortSignal) => Promise<ExclusiveLock>;

/**
 * Runs a part of the line that only one process may run at a time. Resolves when the part is started, or, where another
 * process has the lock, when that is known: the part then starts as soon as the other process ends, however it ends. Where
 * the lock is lost, the part stops, and starts again in its next turn. Rejects with what keeps it from starting now; `ended`
 * rejects with what keeps it from starting later.
 */
export async function inTurn(takeLock: TakeLock, start: () => Promise<Role>): Promise<Role> {
  const stopping = new AbortController();
  const waiting = Promise.withResolvers<void>();
  const begin = async (): Promise<{ role: Role; lock: ExclusiveLock }> => {
    const lock = await takeLock(waiting.resolve, stopping.signal);
    try {
      return { role: await start(), lock };
    } catch (error) {
      lock.release();
      throw error;
    }
  };
  let turn = begin();
  const untilEnd = async (): Promise<void> => {
    for (;;) {
      const { role, lock } = await turn;
      const end = role.ended.then(() => 'ended');
      const loss = lock.lost?.then(() => 'lost');
      if ((await Promise.race(loss === undefined ? [end] : [end, loss])) === 'ended') return;
      await role.stop();
      lock.release();
      turn = begin();
    }
  };
  await Promise.race([turn, waiting.promise]);
  const ended = untilEnd();
  ended.catch(() => undefined);
  return {
    ended,
    stop: async () => {
      stopping.abort();
      const held = await turn.catch(() => undefined);
      await held?.role.stop();
      held?.lock.release();
    },
  };
}
