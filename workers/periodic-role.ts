import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Role } from './role.ts';

/** A piece of work that a role does in each round. */
export interface Duty {
  readonly run: () => Promise<void>;
  /** What it means when a round fails, for the log. */
  readonly failed: string;
  /** Whether the role must end with this error; else the next round comes. */
  readonly isFatal?: (error: unknown) => boolean;
}

/**
 * Does its duties at once and then every `intervalMs`, one after the other. What fails is logged, and neither keeps the
 * next duty from its turn nor the next round from coming; a fatal error ends the role. `stop` waits for the round in
 * progress.
 */
export function every(intervalMs: number, duties: readonly Duty[], log: Logger): Role {
  const ending = new AbortController();
  const { signal } = ending;
  const rounds = async (): Promise<void> => {
    while (!signal.aborted) {
      await doAll(duties, log);
      await delay(intervalMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };
  const ended = rounds();
  // The one who started the role waits for `ended`; until then a rejection must not end the process.
  ended.catch(() => undefined);
  return {
    ended,
    stop: async () => {
      ending.abort();
      await ended.catch(() => undefined);
    },
  };
}

async function doAll(duties: readonly Duty[], log: Logger): Promise<void> {
  for (const { run, failed, isFatal } of duties) {
    try {
      await run();
    } catch (error) {
      if (isFatal?.(error) === true) throw error;
      log.error({ err: error }, failed);
    }
  }
}
