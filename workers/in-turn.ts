import { setTimeout } from 'node:timers/promises';
import type { ExclusiveLock } from '../disk/exclusive-lock.ts';
import type { Role } from './role.ts';

/** Takes the lock, or calls `onWait` and waits; rejects when the signal aborts. */
export type TakeLock = (onWait: () => void, signal: AbortSignal) => Promise<ExclusiveLock>;

/** Between a turn that failed and the next try, milliseconds. */
const AGAIN_MS = 1_000;

/**
 * Runs a part of the line that only one process may run at a time. Resolves when the part is started, or, where another
 * process has the lock, when that is known: the part then starts as soon as the other process ends, however it ends. Where
 * the lock is lost, the part stops, and starts again in its next turn. Rejects with what keeps it from starting now; `ended`
 * rejects with what keeps it from starting later, or ends it, unless that `passes`: then it waits for its turn again.
 */
export async function inTurn(
  takeLock: TakeLock,
  start: () => Promise<Role>,
  passes: (error: unknown) => boolean = () => false,
): Promise<Role> {
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
  /** Whether the part ended by itself. */
  const oneTurn = async (): Promise<boolean> => {
    const { role, lock } = await turn;
    const end = role.ended.then(
      () => true,
      (error: unknown) => {
        if (stopping.signal.aborted || !passes(error)) throw error;
        return false;
      },
    );
    const loss = lock.lost?.then(() => false);
    if (await Promise.race(loss === undefined ? [end] : [end, loss])) return true;
    await role.stop();
    lock.release();
    return false;
  };
  const untilEnd = async (): Promise<void> => {
    for (;;) {
      try {
        if (await oneTurn()) return;
      } catch (error) {
        if (stopping.signal.aborted || !passes(error)) throw error;
        await setTimeout(AGAIN_MS, undefined, { signal: stopping.signal });
      }
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
