import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  patched,
  setHandler,
} from '@temporalio/workflow';
import { FAILURES } from '../../provisioning/failure-table.ts';
import type { Decision, UnitEnd } from '../../provisioning/decision.ts';
import { outcomeOfBlame } from '../../provisioning/outcome.ts';
import { UNIT_STATUS } from '../../provisioning/search-attributes.ts';
import type { GeneratedKeypair } from '../../provisioning/claim.ts';
import type { Step } from '../../provisioning/step.ts';
import type { UnitInput, UnitReport } from '../../provisioning/unit.ts';
import { unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { mayGoElsewhere, recordGoing } from './another-station.ts';
import { DecisionDesk } from './decision-desk.ts';
import { reportAgain, state } from '../messages.ts';
import { mustHaveId } from '../right-id.ts';
import { showTrouble } from '../search-attributes.ts';
import { showUnit } from './unit-page.ts';
import { EndedBefore, endAgain, FurtherAttempt, RestartedUnit } from './restarted-unit.ts';
import { stepFailure, wasNeverTaken } from './step-failure.ts';
import type { StepFailure } from './step-failure.ts';
import {
  askForDecision,
  giveUp,
  leaveSocket,
  recordAgain,
  tellAgain,
  wordOfTray,
} from './unit-exceptions.ts';
import { UnitPassage } from './unit-passage.ts';
import { claimPermitted, obtainPermit } from './obtain-permit.ts';
import { lookBack, startOver } from './proven-before.ts';
import { deliver, proveAgain } from './unit-delivery.ts';
import { claims, reclaims, registry, registryBookkeeping, signer, signerBookkeeping } from '../steps.ts';

/** A cancellation brings no name; who cancelled a batch by command is recorded with the batch. */
const CANCELLED_BY = 'cancelled with its batch, or in Temporal, where no name was given';

/**
 * One unit: five steps. When a step has no tries left, the unit waits for a person. `retry` repeats all steps with a
 * new key, or registration alone when the board was already proven.
 */
export async function unit(input: UnitInput): Promise<UnitReport> {
  mustHaveId(unitWorkflowId(input.unit.serial));
  const desk = new DecisionDesk(input.unit.serial);
  const passage: UnitPassage = new UnitPassage(input, () => showUnit(passage, desk));
  const { batchId, unit: row } = input;
  const restarted = new RestartedUnit(() => registryBookkeeping.recallUnit({ batchId, serial: row.serial }));
  setHandler(state, () => passage.state(desk.attention), { description: 'Step, socket, and why it waits' });
  setHandler(reportAgain, () => tellAgain(passage, desk), {
    description: 'Report to the chunk again, if this unit waits',
  });
  try {
    return await make(passage, desk, restarted);
  } catch (error) {
    if (!(error instanceof EndedBefore)) throw error;
    const { outcome = 'ERROR', code } = error.recalled;
    if (code) passage.failure = { code };
    showUnit(passage, desk, { outcome });
    return endAgain(passage, error.recalled);
  }
}

async function make(passage: UnitPassage, desk: DecisionDesk, restarted: RestartedUnit): Promise<UnitReport> {
  let elsewhere = 0;
  try {
    for (;;) {
      const failure = await attempt(passage, restarted, desk);
      if (failure === undefined) return pass(passage, desk);
      passage.failure = failure;
      await endIfEnded(passage, failure);
      await restarted.recall();
      await leaveSocket(passage, failure.code);
      if (!desk.closing && mayGoElsewhere(passage, failure, elsewhere)) {
        elsewhere += 1;
        await recordGoing(passage, failure);
        passage.nextAttempt();
        continue;
      }
      const decision = await askForDecision(passage, desk, failure);
      await restarted.recall();
      if (decision.verdict !== 'retry') return await end(passage, { desk, restarted }, failure, decision);
      elsewhere = 0;
      passage.nextAttempt();
    }
  } catch (error) {
    if (isCancellation(error)) {
      const report = await CancellationScope.nonCancellable(() => cancelled(passage, desk, restarted));
      if (report !== undefined) return report;
    }
    throw error;
  }
}

/**
 * The registry refuses a unit that has ended there meanwhile: its batch was closed, say, before somebody reset its chunk. It ends
 * as it has ended, and what it was given since is withdrawn. Throws EndedBefore.
 */
async function endIfEnded(passage: UnitPassage, { code }: StepFailure): Promise<void> {
  if (code !== 'REGISTRY_CONFLICT' || !patched('ended-meanwhile')) return;
  const { batchId, serial } = passage.unit;
  const endedKey = passage.keypair?.spkiSha256;
  const { boardCertificate } = passage;
  const recalled = await registryBookkeeping.recallUnit({
    batchId,
    serial,
    ...(endedKey !== undefined && { endedKey }),
    ...(boardCertificate && { boardCertificate }),
  });
  if (recalled.outcome === undefined) return;
  if (recalled.outcome !== 'PASS')
    await signerBookkeeping.revokeCertificate({
      unit: passage.unit,
      reason: 'ended before',
      ...(recalled.ended && { ended: recalled.ended }),
    });
  throw new EndedBefore(recalled);
}

function pass(passage: UnitPassage, desk: DecisionDesk): UnitReport {
  showUnit(passage, desk, { outcome: 'PASS' });
  return passage.report('PASS');
}

/** One attempt. Returns what it failed with, or undefined when the unit passed. Throws EndedBefore. */
async function attempt(
  passage: UnitPassage,
  restarted: RestartedUnit,
  desk?: DecisionDesk,
): Promise<StepFailure | undefined> {
  try {
    return await steps(passage, restarted, desk);
  } catch (error) {
    if (!(error instanceof FurtherAttempt)) throw error;
    const failure = await startOver(passage, restarted, error);
    return failure ?? (await steps(passage, restarted, desk));
  }
}

async function steps(
  passage: UnitPassage,
  restarted: RestartedUnit,
  desk: DecisionDesk | undefined,
): Promise<StepFailure | undefined> {
  const begin = async (step: Step): Promise<void> => {
    await restarted.mayBegin(passage);
    passage.begin(step);
  };
  try {
    if (!passage.verified) {
      await begin('generateKeypair');
      if (passage.permit === undefined) await obtainPermit(passage);
      passage.keypair = await claimUntilClosed(passage, desk);
      await begin('signCertificate');
      passage.signed = await signer(passage.row.serial).signCertificate(passage.signRequest());
      await restarted.mayBegin(passage);
      passage.prove(await deliver(passage));
    } else if (passage.verified.pass === undefined && patched('signed-pass')) {
      // An earlier version of the station proved the board, and signed nothing.
      passage.prove(await proveAgain(passage));
    }
    await begin('registerDevice');
    await registry(passage.row.serial).registerDevice(passage.registration());
    return undefined;
  } catch (error) {
    if (desk?.closing && passage.step === 'generateKeypair' && isCancellation(error))
      return { code: desk.closing.verdict === 'close' ? 'CLOSED_SHORT' : 'NO_BOARD' };
    return stepFailure(error, passage.step);
  }
}

/** A unit of a batch that is closed does not wait for a board. */
async function claimUntilClosed(
  passage: UnitPassage,
  desk: DecisionDesk | undefined,
): Promise<GeneratedKeypair> {
  const claim = (): Promise<GeneratedKeypair> => claimPermitted(passage, () => claimBoard(passage));
  if (desk === undefined) return await claim();
  const scope = new CancellationScope();
  return await desk.untilClosed(
    () => scope.run(claim),
    () => scope.cancel(),
  );
}

/**
 * The unit's own board first, if an earlier attempt left a certificate on one; else any board that fits. A board that
 * the manifest names is offered on its own queue, no matter what it carries.
 */
async function claimBoard(passage: UnitPassage): Promise<GeneratedKeypair> {
  const input = { unit: passage.unit, ...(passage.permit && { permit: passage.permit }) };
  if (passage.signedBefore && passage.row.boardId === undefined) {
    try {
      return await reclaims(passage.row).generateKeypair(input);
    } catch (error) {
      if (!wasNeverTaken(error)) throw error;
    }
  }
  return await claims(passage.row).generateKeypair(input);
}

async function end(
  passage: UnitPassage,
  { desk, restarted }: { readonly desk: DecisionDesk; readonly restarted: RestartedUnit },
  failure: StepFailure,
  decision: Decision<UnitEnd>,
): Promise<UnitReport> {
  const isClosed = decision.verdict === 'close';
  const code = isClosed ? 'CLOSED_SHORT' : failure.code;
  const scrapped = decision.verdict === 'scrap';
  showTrouble({
    status: scrapped ? UNIT_STATUS.scrapped : UNIT_STATUS.skipped,
    step: passage.step,
    error: code,
  });
  // As where the unit is cancelled: its tile shows PASS, and only its registration is missing.
  if (isClosed && passage.verified && (await attempt(passage, restarted)) === undefined) {
    showTrouble({});
    return pass(passage, desk);
  }
  const outcome = scrapped ? 'FAIL' : 'HOLD';
  const reason = decision.reason ?? decision.verdict;
  if (!(await giveUp(passage, { ...failure, code }, { outcome, reason, decision }))) {
    showTrouble({});
    return pass(passage, desk);
  }
  showUnit(passage, desk, { outcome, decision });
  throw ApplicationFailure.create({
    type: code,
    message: `${passage.row.serial}: ${outcome}, ${decision.verdict} by decision. ${FAILURES[code].hint}`,
    nonRetryable: true,
    details: [passage.report(outcome, code)],
  });
}

/**
 * Returns its report when the unit had passed after all. A unit whose board is proven has passed: its tile shows PASS, the board
 * may be in the good tray, and only its registration is missing. Throws how it ends if somebody had decided that before.
 */
async function cancelled(
  passage: UnitPassage,
  desk: DecisionDesk,
  restarted: RestartedUnit,
): Promise<UnitReport | undefined> {
  const decision = desk.shut();
  await restarted.recall();
  if (decision !== undefined) {
    const failure = passage.failure ?? { code: 'CANCELLED' };
    if (decision.verdict === 'scrap') await recordAgain(passage, failure);
    return await end(passage, { desk, restarted }, failure, decision);
  }
  const unknown = await lookBack(passage, restarted);
  if (passage.verified && (await attempt(passage, restarted)) === undefined) return pass(passage, desk);
  await leaveSocket(passage, 'CANCELLED');
  const outcome = outcomeOfBlame(FAILURES.CANCELLED.blame);
  const message = unknown?.message;
  const failure = { code: 'CANCELLED', ...(message !== undefined && { message }) } as const;
  const ended = await giveUp(passage, failure, { outcome, reason: CANCELLED_BY });
  showTrouble(ended ? { status: UNIT_STATUS.cancelled, step: passage.step } : {});
  if (ended) {
    passage.failure ??= { code: 'CANCELLED', message: message ?? wordOfTray(passage) ?? CANCELLED_BY };
    showUnit(passage, desk, { outcome });
  }
  return ended ? undefined : pass(passage, desk);
}
