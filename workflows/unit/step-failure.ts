import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import { FAILURES, isFailureCode } from '../../provisioning/failure-table.ts';
import { STEP_FAULT } from '../../provisioning/step-fault.ts';
import type { Step } from '../../provisioning/step.ts';

/** True when no worker took the task in time: the station is down, nothing has happened. */
export function wasNeverTaken(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof TimeoutFailure &&
    error.cause.timeoutType === 'SCHEDULE_TO_START'
  );
}

/** What a step failed with. */
export interface StepFailure {
  readonly code: FailureCode;
  /** What happened, in a sentence, where more is known than the hint of the code says. */
  readonly message?: string;
}

/** As `codeOfStepFailure`, with what is known besides. */
export function stepFailure(error: unknown, step: Step): StepFailure {
  const code = codeOfStepFailure(error, step);
  const { cause } = error as ActivityFailure;
  if (!(cause instanceof ApplicationFailure) || cause.message === FAILURES[code].hint) return { code };
  return { code, message: cause.message };
}

/** The failure code of a step that threw `error`. Rethrows what is not a failure of the step: cancellation, defects. */
export function codeOfStepFailure(error: unknown, step: Step): FailureCode {
  if (!(error instanceof ActivityFailure)) throw error;
  const { cause } = error;
  if (wasNeverTaken(error)) return 'STATION_UNREACHABLE';
  if (cause instanceof ApplicationFailure && isFailureCode(cause.type)) return cause.type;
  if (cause instanceof ApplicationFailure || cause instanceof TimeoutFailure) return STEP_FAULT[step];
  throw error;
}
