import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from '@temporalio/worker';
import {
  TEMPORAL_SERVER_ERROR_CODES,
  TemporalServerError,
} from '../temporal/program/temporal-server-error.ts';

/** A part of the line that runs in this process. */
export interface Role {
  /** Lets running steps finish, then ends. */
  stop(): Promise<void>;
  /** Rejects when the role can no longer continue; never resolves before `stop`. */
  readonly ended: Promise<void>;
}

const LOOK_PAUSE_MS = 1_000;

/** How long the run of a worker that has failed may take to say why. */
const REASON_MS = 2_000;

/** Runs a Temporal worker as a role. It ends with TEMPORAL_LOST when the server has refused its questions for work for a minute. */
export function runWorker(worker: Worker): Role {
  const running = worker.run().catch(asLoss);
  const ended = Promise.race([running, failureOf(worker, running)]);
  // The one who started the role waits for `ended`; until then a rejection must not end the process.
  ended.catch(() => undefined);
  return {
    ended,
    stop: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended.catch(() => undefined);
    },
  };
}

/** The run of a worker whose questions the server refuses never ends (SDK 1.24): only its state says that it failed. */
async function failureOf(worker: Worker, running: Promise<void>): Promise<void> {
  while (worker.getState() !== 'FAILED') {
    if (worker.getState() === 'STOPPED') return await running;
    await delay(LOOK_PAUSE_MS, undefined, { ref: false });
  }
  await delay(REASON_MS);
  throw lost('see "Worker failed" in its log');
}

function asLoss(error: unknown): never {
  throw (error as Error).name === 'TransportError' ? lost((error as Error).message, error) : error;
}

function lost(why: string, cause?: unknown): TemporalServerError {
  const message = `A worker of this process has failed (${why}): it ends so that its supervisor starts it again. Where the server refuses its questions for work, correct the namespace and the credentials in the TEMPORAL_ variables, or their rights.`;
  return new TemporalServerError(TEMPORAL_SERVER_ERROR_CODES.LOST, message, { cause });
}

/** Several roles as one: stopped in the order given, ended when the first of them ends. */
export function joinRoles(roles: readonly Role[]): Role {
  const ended = Promise.race(roles.map((role) => role.ended));
  ended.catch(() => undefined);
  return {
    ended,
    stop: async () => {
      for (const role of roles) await role.stop();
    },
  };
}
