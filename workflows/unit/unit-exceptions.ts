import {
  ActivityFailure,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  workflowInfo,
} from '@temporalio/workflow';
import { FAILURES } from '../../provisioning/failure-table.ts';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import type { Outcome } from '../../provisioning/outcome.ts';
import { UNIT_STATUS } from '../../provisioning/search-attributes.ts';
import type { Attention } from '../../provisioning/unit.ts';
import type { Decision, DecisionDesk } from './decision-desk.ts';
import { unitAttention } from '../messages.ts';
import { showTrouble } from '../search-attributes.ts';
import { codeOfStepFailure } from './step-failure.ts';
import { registryBookkeeping, signerBookkeeping, stationBookkeeping } from '../steps.ts';
import type { UnitPassage } from './unit-passage.ts';

/** Off the happy path: the unit leaves its socket, so that the board can be changed and other units can use the socket. */
export async function leaveSocket(passage: UnitPassage, code: FailureCode): Promise<void> {
  const { claim } = passage;
  if (!claim || passage.verified) return;
  try {
    await stationBookkeeping(claim.stationId).releaseSocket({ unit: passage.unit, claim, code });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    log.warn('the station will free the socket when it is back', { stationId: claim.stationId });
  }
}

/** Waits in ATTENTION, seen by search, by the chunk and by the registry. */
export async function askForDecision(
  passage: UnitPassage,
  desk: DecisionDesk,
  code: FailureCode,
): Promise<Decision> {
  const attention: Attention = {
    serial: passage.row.serial,
    code,
    step: passage.step,
    attempt: passage.unit.attempt,
    hint: FAILURES[code].hint,
  };
  desk.open(attention);
  showTrouble({
    status: UNIT_STATUS.attention,
    step: passage.step,
    error: code,
    ...(passage.claim && { station: passage.claim.stationId }),
  });
  // The batch first: a registry that is down must not hide the units that wait.
  await tellChunk(passage, attention);
  await registryBookkeeping.recordFailure(record(passage, code));
  const decision = await desk.decision();
  if (decision.verdict === 'retry') {
    showTrouble({});
    await tellChunk(passage, null);
  }
  return decision;
}

/**
 * The unit ends without a pass, and no valid certificate of it remains. False when it had passed after all and only the
 * answer of its last step was lost, as the registry shows.
 */
export async function giveUp(
  passage: UnitPassage,
  code: FailureCode,
  outcome: Exclude<Outcome, 'PASS'>,
  reason: string,
): Promise<boolean> {
  try {
    await registryBookkeeping.recordFailure({ ...record(passage, code), outcome, reason });
  } catch (error) {
    if (codeOfStepFailure(error, 'registerDevice') === 'REGISTRY_CONFLICT') return false;
    throw error;
  }
  // A certificate that was signed for this serial must not remain valid, even if its answer was lost.
  await signerBookkeeping.revokeCertificate({ unit: passage.unit, reason });
  return true;
}

function record(passage: UnitPassage, code: FailureCode) {
  return {
    unit: passage.unit,
    step: passage.step,
    code,
    ...(passage.claim && { claim: passage.claim }),
    ...(passage.keypair && { startedAt: passage.keypair.startedAt }),
  };
}

async function tellChunk(passage: UnitPassage, attention: Attention | null): Promise<void> {
  const { parent } = workflowInfo();
  if (!parent) return;
  const chunk = getExternalWorkflowHandle(parent.workflowId);
  try {
    await chunk.signal(unitAttention, { serial: passage.row.serial, attention });
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('the chunk is closed and gets no word of this unit', { serial: passage.row.serial });
  }
}
