import { ActivityFailure, ApplicationFailure, log, sleep } from '@temporalio/workflow';
import type { FailureCode } from '../provisioning/failure-table.ts';
import { RETRY_PAUSE_MS } from '../provisioning/timeouts.ts';
import { isAnswer } from './answer-schemas.ts';

type Activity = (input: unknown) => Promise<unknown>;

/**
 * Steps whose answers are looked at: one that no worker of Certline gives fails the step with `fault`, as if the worker had failed,
 * and a person decides. Otherwise it would stop the workflow at the place where it reads the answer, until somebody resets it.
 */
export function stepsOf<T extends object>(activities: T, fault: FailureCode): T {
  return checked(activities, (name, run, input) => answerOrFail(name, run, { input, fault }));
}

/** Bookkeeping, which is tried until it works: a malformed answer is none, and the task is scheduled again. */
export function bookkeepingOf<T extends object>(activities: T): T {
  return checked(activities, answerAtLast);
}

function checked<T extends object>(
  activities: T,
  ask: (name: string, run: Activity, input: unknown) => Promise<unknown>,
): T {
  return new Proxy(activities, {
    get: (target, name) => {
      const run = Reflect.get(target, name) as Activity;
      return (input: unknown) => ask(String(name), run, input);
    },
  });
}

async function answerOrFail(
  name: string,
  run: Activity,
  { input, fault }: { readonly input: unknown; readonly fault: FailureCode },
): Promise<unknown> {
  const answer = await run(input);
  if (isAnswer(name, answer)) return answer;
  const message = `A worker answered the task ${name} with an invalid answer: find out who took it.`;
  const cause = ApplicationFailure.create({ type: fault, message, nonRetryable: true });
  throw new ActivityFailure(message, name, undefined, 'NON_RETRYABLE_FAILURE', undefined, cause);
}

async function answerAtLast(name: string, run: Activity, input: unknown): Promise<unknown> {
  for (
    let pauseMs: number = RETRY_PAUSE_MS.first;
    ;
    pauseMs = Math.min(pauseMs * 2, RETRY_PAUSE_MS.longest)
  ) {
    const answer = await run(input);
    if (isAnswer(name, answer)) return answer;
    log.warn('a worker gave an invalid answer; the task is scheduled again', { task: name });
    await sleep(pauseMs);
  }
}
