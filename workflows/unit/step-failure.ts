import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import { isFailureCode } from '../../provisioning/failure-table.ts';
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

/** The failure code of a step that threw `error`. Rethrows what is not a failure of the step: cancellation, defects. */
export function codeOfStepFailure(error: unknown, step: Step): FailureCode {
  if (!(error instanceof ActivityFailure)) throw error;
  const { cause } = error;
  if (wasNeverTaken(error)) return 'STATION_UNREACHABLE';
  if (cause instanceof ApplicationFailure && isFailureCode(cause.type)) return cause.type;
  if (cause instanceof ApplicationFailure || cause instanceof TimeoutFailure) return STEP_FAULT[step];
  throw error;
}
