import type { Worker } from '@temporalio/worker';

/** A part of the line that runs in this process. */
export interface Role {
  /** Lets running steps finish, then ends. */
  stop(): Promise<void>;
  /** Rejects when the role can no longer continue; never resolves before `stop`. */
  readonly ended: Promise<void>;
}

/** Runs a Temporal worker as a role. */
export function runWorker(worker: Worker): Role {
  const ended = worker.run();
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
