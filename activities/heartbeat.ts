import { Context } from '@temporalio/activity';
import { triesBefore } from './failure-translation.ts';

/**
 * Reports to the server that a step is alive while `run` works. The first beat comes after a third of the timeout, so
 * that a step which is done by then costs none: every beat that reaches the server is a billable action.
 */
export async function withHeartbeat<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  const timeoutMs = context.info.heartbeatTimeoutMs;
  const timer =
    timeoutMs === undefined
      ? undefined
      : setInterval(() => context.heartbeat(triesBefore(context)), timeoutMs / 3);
  try {
    return await run(context.cancellationSignal);
  } finally {
    clearInterval(timer);
  }
}
