import { asyncLocalStorage } from '@temporalio/activity';
import type { Context } from '@temporalio/activity';

/** Runs a step as Temporal runs an activity: with a context, which says when it was scheduled (milliseconds). */
export function asActivity<T>(run: () => Promise<T>, scheduledTimestampMs = Date.now()): Promise<T> {
  const context = {
    info: { attempt: 1, scheduledTimestampMs, currentAttemptScheduledTimestampMs: Date.now() },
    cancellationSignal: new AbortController().signal,
    heartbeat: () => undefined,
    log: { warn: () => undefined, info: () => undefined },
  };
  return asyncLocalStorage.run(context as unknown as Context, run);
}
