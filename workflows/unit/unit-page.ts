import { setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { unitDetails } from '../details/unit-details.ts';
import type { UnitView } from '../details/unit-details.ts';
import type { DecisionDesk } from './decision-desk.ts';
import type { UnitPassage } from './unit-passage.ts';

/** Shows on the page of this workflow in the Temporal UI how the unit is. It costs no event: the UI asks by query. */
export function showUnit(passage: UnitPassage, desk: DecisionDesk, end?: UnitView['end']): void {
  const { unit, step, claim, signed, verified, failure, isStationSilent } = passage;
  setCurrentDetails(
    unitDetails({
      namespace: workflowInfo().namespace,
      batchId: unit.batchId,
      serial: unit.serial,
      attempt: unit.attempt,
      step,
      ...claim,
      fingerprint: signed?.fingerprint,
      isProven: verified !== undefined,
      isStationSilent,
      failure,
      isWaiting: desk.attention !== undefined,
      end,
    }),
  );
}
