import { asyncLocalStorage } from '@temporalio/activity';
import type { Context } from '@temporalio/activity';

/** What the step throws when it runs as a worker's activity for the nth time. */
export async function asActivity(
  attempt: number,
  step: () => Promise<unknown>,
  workflowId = 'batch/B',
): Promise<unknown> {
  const context = {
    info: {
      attempt,
      workflowExecution: { workflowId },
      heartbeatTimeoutMs: 12_000,
      heartbeatDetails: { REGISTRY_FAULT: attempt - 1 },
    },
    cancellationSignal: new AbortController().signal,
    heartbeat: () => undefined,
    log: { warn: () => undefined, info: () => undefined },
  };
  return await asyncLocalStorage.run(context as unknown as Context, () =>
    step().catch((error: unknown) => error),
  );
}
