import { patched } from '@temporalio/workflow';
import { decidedNow } from '../../provisioning/decision.ts';
import { FAILURES } from '../../provisioning/failure-table.ts';
import { registryBookkeeping } from '../steps.ts';
import type { StepFailure } from './step-failure.ts';
import { failureRecord } from './unit-exceptions.ts';
import type { UnitPassage } from './unit-passage.ts';

/** Attempts that a unit makes by itself, one after the other. */
const ATTEMPTS_MOST = 2;

/**
 * Whether a unit tries again by itself: the signer refused its station and not the unit, so there is no certificate, and the board
 * is not at fault. The station stands back meanwhile, so that another one takes the unit. `made`: such attempts since a person
 * decided.
 */
export function mayGoElsewhere({ step }: UnitPassage, { code }: StepFailure, made: number): boolean {
  const { stopsStation, benches } = FAILURES[code];
  const isOfStation = step === 'signCertificate' && stopsStation && !benches;
  return isOfStation && made < ATTEMPTS_MOST && patched('another-station');
}

/** The attempt failed, and the unit waits for nobody. */
export async function recordGoing(passage: UnitPassage, failure: StepFailure): Promise<void> {
  const reason = 'by itself: the signer refused the station, not the unit';
  const decision = decidedNow('retry', { reason });
  await registryBookkeeping.recordFailure({ ...failureRecord(passage, failure), decision });
}
