import type { Outcome } from '../provisioning/outcome.ts';
import type { RegisterDeviceInput } from '../provisioning/registration.ts';
import { STEPS } from '../provisioning/step.ts';
import type { Step } from '../provisioning/step.ts';

/** How a unit ended, once it is recorded. What is not known is absent. */
export interface UnitEnd {
  readonly batchId: string;
  readonly serial: string;
  readonly outcome: Outcome;
  readonly attempt: number;
  readonly code?: string;
  /** The step in which it ended without a pass. */
  readonly step?: Step;
  readonly stationId?: string;
  readonly socket?: string;
  readonly boardId?: string;
  /** The unit had passed before, and was changed by this rework. */
  readonly reworkId?: string;
  /** Since its key was made, in this attempt. */
  readonly seconds?: number;
  /** Of each step of this attempt, waits for a board and for a worker included. */
  readonly stepSeconds?: Partial<Record<Step, number>>;
}

/** Units that ended with their batch. */
export interface UnitsEnd {
  readonly batchId: string;
  readonly outcome: Exclude<Outcome, 'PASS'>;
  readonly code: string;
  readonly units: number;
}

/** Receives every end that is recorded. */
export interface UnitEnds {
  readonly unit: (end: UnitEnd) => void;
  readonly units: (end: UnitsEnd) => void;
}

/** The pass of a unit that is registered now. */
export function endOfPass({ unit, claim, startedAt, steps, rework }: RegisterDeviceInput): UnitEnd {
  const { batchId, serial, attempt } = unit;
  const now = Date.now();
  return {
    batchId,
    serial,
    outcome: 'PASS',
    attempt,
    ...claim,
    ...(rework && { reworkId: rework.reworkId }),
    seconds: secondsBetween(Date.parse(startedAt), now),
    ...(steps && { stepSeconds: stepSeconds(steps, now) }),
  };
}

/** Each step lasts until the next one begins, the last one until now. A board that was proven before has fewer. */
function stepSeconds(began: Partial<Record<Step, string>>, now: number): Partial<Record<Step, number>> {
  const begun = STEPS.flatMap((step) => {
    const at = began[step];
    return at === undefined ? [] : [{ step, at: Date.parse(at) }];
  });
  return Object.fromEntries(
    begun.map(({ step, at }, index) => [step, secondsBetween(at, begun[index + 1]?.at ?? now)]),
  );
}

/** To the millisecond; never negative, whatever the clocks say. */
export function secondsBetween(from: number, to: number): number {
  return Math.max(0, to - from) / 1_000;
}
