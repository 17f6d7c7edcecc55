import { asyncLocalStorage } from '@temporalio/activity';
import type { Context } from '@temporalio/activity';

/**
 * Runs a step as Temporal runs an activity: with a context, which says when it was scheduled (milliseconds), and by which
 * workflow.
 */
export function asActivity<T>(
  run: () => Promise<T>,
  scheduledTimestampMs = Date.now(),
  workflowId = 'somebody',
): Promise<T> {
  const context = {
    info: {
      attempt: 1,
      scheduledTimestampMs,
      currentAttemptScheduledTimestampMs: Date.now(),
      workflowExecution: { workflowId },
    },
    cancellationSignal: new AbortController().signal,
    heartbeat: () => undefined,
    log: { warn: () => undefined, info: () => undefined, error: () => undefined },
  };
  return asyncLocalStorage.run(context as unknown as Context, run);
}
