import {
  ActivityFailure,
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  patched,
  workflowInfo,
} from '@temporalio/workflow';
import { FAILURES } from '../../provisioning/failure-table.ts';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import type { Decision, UnitEnd } from '../../provisioning/decision.ts';
import type { Outcome } from '../../provisioning/outcome.ts';
import type { SignedEnd } from '../../provisioning/registration.ts';
import { UNIT_STATUS } from '../../provisioning/search-attributes.ts';
import type { Attention } from '../../provisioning/unit.ts';
import type { DecisionDesk } from './decision-desk.ts';
import { unitAttention } from '../messages.ts';
import { showTrouble } from '../search-attributes.ts';
import { codeOfStepFailure } from './step-failure.ts';
import type { StepFailure } from './step-failure.ts';
import { settleCertificates } from '../settle-certificates.ts';
import { registryBookkeeping, signerBookkeeping, stationBookkeeping } from '../steps.ts';
import { showUnit } from './unit-page.ts';
import type { UnitPassage } from './unit-passage.ts';

/**
 * Off the happy path: the unit leaves its socket, so that the board can be changed and other units can use the socket.
 */
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
  failure: StepFailure,
): Promise<Decision<UnitEnd>> {
  const { code } = failure;
  const attention: Attention = {
    serial: passage.row.serial,
    code,
    step: passage.step,
    attempt: passage.unit.attempt,
    hint: FAILURES[code].hint,
    ...(passage.claim && { stationId: passage.claim.stationId, socket: passage.claim.socket }),
  };
  desk.open(attention, passage.verified && passage.claim?.boardId);
  showUnit(passage, desk);
  showTrouble({
    status: UNIT_STATUS.attention,
    step: passage.step,
    error: code,
    ...(passage.claim && { station: passage.claim.stationId }),
  });
  // The batch first: a registry that is down must not hide the units that wait.
  await tellChunk(passage, attention);
  await registryBookkeeping.recordFailure(failureRecord(passage, failure));
  const decision = await desk.decision();
  if (decision.verdict === 'retry') {
    showTrouble({});
    await tellChunk(passage, null);
    await recordRetry(passage, decision);
  }
  return decision;
}

/**
 * An attempt that failed, where that was being recorded when the unit was cancelled: the registry takes no FAIL of an attempt that it
 * does not know.
 */
export async function recordAgain(passage: UnitPassage, failure: StepFailure): Promise<void> {
  await registryBookkeeping.recordFailure(failureRecord(passage, failure));
}

/** A decision that ends the unit is recorded with its end; this one is followed by another attempt. */
async function recordRetry(passage: UnitPassage, decision: Decision): Promise<void> {
  // Earlier versions did not; a unit that was tried again before an update must not do so when it is replayed.
  if (!patched('record-retry')) return;
  const { batchId, serial, attempt } = passage.unit;
  try {
    await CancellationScope.nonCancellable(() =>
      registryBookkeeping.recordDecision({ batchId, serial, attempt, decision }),
    );
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    log.error('the registry does not take who decided', { serial, attempt });
  }
}

/**
 * The unit ends without a pass, and no valid certificate of it remains. False when it had passed after all and only the
 * answer of its last step was lost, as the registry shows.
 */
export async function giveUp(
  passage: UnitPassage,
  failure: StepFailure,
  ending: {
    readonly outcome: Exclude<Outcome, 'PASS'>;
    readonly reason: string;
    readonly decision?: Decision;
  },
): Promise<boolean> {
  const tray = wordOfTray(passage);
  const said = tray === undefined ? {} : { reason: `${tray} ${ending.reason}` };
  const message = failure.message ?? tray;
  let word: SignedEnd | void = undefined;
  try {
    word = await registryBookkeeping.recordFailure({
      ...failureRecord(passage, { ...failure, ...(message !== undefined && { message }) }),
      ...ending,
      ...said,
      ...(passage.keypair && { spkiSha256: passage.keypair.spkiSha256 }),
    });
  } catch (error) {
    if (codeOfStepFailure(error, 'registerDevice') !== 'REGISTRY_CONFLICT') throw error;
    if (await hasPassed(passage)) return false;
  }
  // A certificate that was signed for this serial must not remain valid, even if its answer was lost.
  await signerBookkeeping.revokeCertificate({
    unit: passage.unit,
    reason: ending.reason,
    ...(word?.ended && { ended: word.ended }),
  });
  // Nor may that of an earlier attempt, where this one came to no key or to no certificate.
  if (passage.isRetried && patched('settle-earlier-attempts')) {
    const { batchId, serial } = passage.unit;
    await settleCertificates({ batchId, serial, isOver: false });
  }
  return true;
}

/** The board of a unit that ends without a pass may be in the good tray: its tile said PASS when it was proven. */
export function wordOfTray({ verified, claim }: UnitPassage): string | undefined {
  if (verified === undefined || claim === undefined) return undefined;
  return `Its tile said PASS: take board ${claim.boardId} back from the good tray.`;
}

/** Why the registry takes no other end: the unit passed, or has ended otherwise. Earlier versions took it for passed. */
async function hasPassed({ unit: { batchId, serial } }: UnitPassage): Promise<boolean> {
  if (!patched('conflict-is-asked')) return true;
  const { outcome } = await registryBookkeeping.recallUnit({ batchId, serial });
  return outcome === undefined || outcome === 'PASS';
}

/** What the registry records of an attempt that failed. */
export function failureRecord(passage: UnitPassage, failure: StepFailure) {
  const { boardCertificate } = passage;
  return {
    unit: passage.unit,
    step: passage.step,
    ...failure,
    ...(passage.claim && { claim: passage.claim }),
    ...(passage.keypair && { startedAt: passage.keypair.startedAt }),
    ...(boardCertificate && { boardCertificate }),
  };
}

/**
 * Answers a chunk that asks whether the unit waits. A signal handler that is cancelled would end the workflow at once, in the middle of
 * what a cancelled unit has yet to do.
 */
export async function tellAgain(passage: UnitPassage, { attention }: DecisionDesk): Promise<void> {
  if (attention) await CancellationScope.nonCancellable(() => tellChunk(passage, attention));
}

export async function tellChunk(passage: UnitPassage, attention: Attention | null): Promise<void> {
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
