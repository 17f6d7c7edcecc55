import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { GeneratedKeypair } from '../../provisioning/claim.ts';
import { decidedNow } from '../../provisioning/decision.ts';
import type { Decision, UnitEnd, UnitVerdict } from '../../provisioning/decision.ts';
import { FAILURES } from '../../provisioning/failure-table.ts';
import { keepsOldCertificate } from '../../provisioning/rework.ts';
import type {
  RecalledRework,
  ReworkResult,
  ReworkUnitInput,
  ReworkUnitReport,
} from '../../provisioning/rework.ts';
import { UNIT_STATUS } from '../../provisioning/search-attributes.ts';
import type { Step } from '../../provisioning/step.ts';
import { unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { reportAgain, state, unitAttention } from '../messages.ts';
import { mustHaveId } from '../right-id.ts';
import { showTrouble } from '../search-attributes.ts';
import {
  claims,
  claimsOfOwnBoard,
  registry,
  registryBookkeeping,
  signer,
  signerBookkeeping,
} from '../steps.ts';
import { DecisionDesk } from '../unit/decision-desk.ts';
import { lookBack, startOver } from '../unit/proven-before.ts';
import { EndedBefore, FurtherAttempt, RestartedUnit } from '../unit/restarted-unit.ts';
import { stepFailure } from '../unit/step-failure.ts';
import type { StepFailure } from '../unit/step-failure.ts';
import { deliver } from '../unit/unit-delivery.ts';
import { claimPermitted, obtainPermit } from '../unit/obtain-permit.ts';
import { leaveSocket, tellAgain, tellChunk } from '../unit/unit-exceptions.ts';
import { showUnit } from '../unit/unit-page.ts';
import { UnitPassage } from '../unit/unit-passage.ts';
import { restoreCertificate, wipeIfSeated } from './own-board.ts';
import { claimAndWipe, mayHaveWiped } from './wiping-claim.ts';

/** A unit in a rework, and what has happened to it so far. */
interface Work {
  readonly input: ReworkUnitInput;
  readonly passage: UnitPassage;
  readonly desk: DecisionDesk;
  readonly restarted: RestartedUnit<RecalledRework>;
  /** The old key is gone from the board, or may be. */
  isWiped: boolean;
  /** While it waited for its board. */
  isSkipped: boolean;
  isCancelled: boolean;
}

/** One unit that passed and is changed: the five steps again, by the kind of the rework. */
export async function reworkUnit(input: ReworkUnitInput): Promise<ReworkUnitReport> {
  const { unit } = input;
  const { serial } = unit;
  mustHaveId(unitWorkflowId(serial));
  const desk = new DecisionDesk(serial, { keepsCertificate: keepsOldCertificate(input.kind) });
  const passage: UnitPassage = new UnitPassage(
    { batchId: unit.batchId, order: unit.order, unit },
    () => showUnit(passage, desk),
    unit.attempt,
  );
  const ask = () => registryBookkeeping.recallReworkUnit({ reworkId: input.reworkId, unit: passage.unit });
  const work: Work = {
    input,
    passage,
    desk,
    restarted: new RestartedUnit(ask),
    isWiped: false,
    isSkipped: false,
    isCancelled: false,
  };
  setHandler(state, () => passage.state(desk.attention), { description: 'Step, socket, and why it waits' });
  setHandler(reportAgain, () => tellAgain(passage, desk), {
    description: 'Report to the rework again, if this unit waits',
  });
  try {
    return await make(work);
  } catch (error) {
    if (!(error instanceof EndedBefore)) throw error;
    return endAgain(work, error.recalled as RecalledRework);
  } finally {
    if (work.isCancelled || work.restarted.isByHand)
      await CancellationScope.nonCancellable(() => writeResultAlone(passage));
  }
}

/** Its rework hears of the end and writes the result of the batch. Where the rework was terminated, it is written from here. */
async function writeResultAlone({ unit: { batchId, serial } }: UnitPassage): Promise<void> {
  const { parent } = workflowInfo();
  try {
    if (parent === undefined) throw new Error('started by hand');
    await getExternalWorkflowHandle(parent.workflowId).signal(unitAttention, { serial, attention: null });
  } catch {
    await registryBookkeeping.rewriteResult({ batchId });
  }
}

async function make(work: Work): Promise<ReworkUnitReport> {
  const { input, passage, restarted } = work;
  try {
    if (input.kind === 'scrap') return await scrap(work);
    for (;;) {
      const failure = await attempt(work);
      if (failure === undefined) return { ...passage.report('PASS'), result: 'done' };
      passage.failure = failure;
      await restarted.recall();
      await leaveSocket(passage, failure.code);
      const decision = await askForDecision(work, failure);
      await restarted.recall();
      if (decision.verdict !== 'retry') return await giveUp(work, failure, decision);
      passage.nextAttempt();
    }
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return await CancellationScope.nonCancellable(() => cancelled(work));
  }
}

/** One attempt. Returns what it failed with, or undefined when the new certificate is registered and active. */
async function attempt(work: Work): Promise<StepFailure | undefined> {
  try {
    return await steps(work);
  } catch (error) {
    if (!(error instanceof FurtherAttempt)) throw error;
    const failure = await startOver(work.passage, work.restarted, error);
    return failure ?? (await steps(work));
  }
}

async function steps(work: Work): Promise<StepFailure | undefined> {
  const { passage, input, restarted } = work;
  const { serial } = passage.row;
  const begin = async (step: Step): Promise<void> => {
    await restarted.mayBegin(passage);
    passage.begin(step);
  };
  try {
    if (!passage.verified) {
      await begin('generateKeypair');
      if (passage.permit === undefined) await obtainPermit(passage);
      passage.keypair = await claimUntilSkipped(work);
      await begin('signCertificate');
      passage.signed = await signer(serial).signCertificate(passage.signRequest());
      await restarted.mayBegin(passage);
      passage.prove(await deliver(passage));
    }
    await begin('registerDevice');
    const rework = { reworkId: input.reworkId, supersedesAttempt: input.unit.oldAttempt };
    await registry(serial).registerDevice({ ...passage.registration(), rework });
  } catch (error) {
    return skippedClaim(work, error) ?? stepFailure(error, passage.step);
  }
  const { requestId, verified } = passage;
  const pass = verified?.pass && { pass: verified.pass };
  const refused = await signerBookkeeping.activateCertificates({ passes: [{ requestId, ...pass }] });
  if (refused.length > 0) log.error('the ledger does not take the new certificate', { refused });
  await endAtSigner(work, false);
  return undefined;
}

/** A unit that is skipped does not wait for its board, which may never come: no other rework of it may begin meanwhile. */
async function claimUntilSkipped(work: Work): Promise<GeneratedKeypair> {
  const scope = new CancellationScope();
  return await work.desk.untilClosed(
    () => scope.run(() => claimPermitted(work.passage, () => claim(work))),
    () => {
      // Earlier versions waited on, also where somebody sent word that the batch is closed.
      work.isSkipped = patched('skip-rework-claim');
      if (work.isSkipped) scope.cancel();
    },
  );
}

/** The claim that was given up because the unit was skipped; undefined for any other failure. */
function skippedClaim({ isSkipped, passage, isWiped: wiped }: Work, error: unknown): StepFailure | undefined {
  if (!isSkipped || passage.step !== 'generateKeypair' || !isCancellation(error)) return undefined;
  if (!wiped) return { code: 'NO_BOARD' };
  return { code: 'CANCELLED', message: 'The unit was skipped when its board was wiped, or may have been.' };
}

/** The board that the unit passed with, or for a swap any blank one. */
async function claim(work: Work): Promise<GeneratedKeypair> {
  const { passage, input } = work;
  const { unit } = passage;
  const permit = passage.permit && { permit: passage.permit };
  const { kind, reworkId } = input;
  const { serial, heldBoardId: boardId, oldSpkiSha256: spkiSha256 } = input.unit;
  if (kind === 'swap') return await claims(passage.row).generateKeypair({ unit, ...permit });
  if (kind === 'renew')
    return await claimsOfOwnBoard(serial).requestRenewal({ unit, boardId, spkiSha256, ...permit });
  // Earlier versions knew of a wiped board only once it had a new key.
  if (patched('rekey-tries')) return await claimAndWipe({ unit, boardId, ...permit }, () => noteWipe(work));
  const claimed = claimsOfOwnBoard(serial).generateKeypair({ unit, boardId, ...permit });
  const keypair = await claimed.catch((error: unknown) => {
    // Such a claim may be under way still; none of them was skipped.
    if (work.isSkipped && mayHaveWiped(error)) work.isWiped = true;
    throw error;
  });
  work.isWiped = true;
  await registryBookkeeping.recordWipe({ reworkId, unit });
  return keypair;
}

/** The old certificate ends at once, also where the unit is being cancelled. */
async function noteWipe(work: Work): Promise<void> {
  if (work.isWiped) return;
  work.isWiped = true;
  const wiped = { reworkId: work.input.reworkId, unit: work.passage.unit };
  await CancellationScope.nonCancellable(() => registryBookkeeping.recordWipe(wiped));
}

/** Waits in ATTENTION, seen by search, by the rework and by the registry. */
async function askForDecision(work: Work, failure: StepFailure): Promise<Decision<UnitVerdict>> {
  const { passage, desk, input } = work;
  const { code } = failure;
  const { step, unit, claim: place } = passage;
  const attention = { serial: unit.serial, code, step, attempt: unit.attempt, hint: FAILURES[code].hint };
  desk.open(attention, passage.verified && place?.boardId);
  showUnit(passage, desk);
  const station = place && { station: place.stationId };
  showTrouble({ status: UNIT_STATUS.attention, step, error: code, ...station });
  await tellChunk(passage, attention);
  const failed = { failure: failureOf(passage, failure), ...signedIn(passage) };
  await registryBookkeeping.recordReworkFailure({ reworkId: input.reworkId, unit, ...failed });
  const decision = ofRework(await desk.decision());
  showTrouble({});
  await tellChunk(passage, null);
  if (decision.verdict === 'retry') {
    const { batchId, serial, attempt: number } = unit;
    await registryBookkeeping.recordDecision({ batchId, serial, attempt: number, decision });
  }
  return decision;
}

/** Only a batch is closed; a unit of a rework that is closed by hand is left out. */
function ofRework({ verdict, ...said }: Decision<UnitEnd>): Decision<UnitVerdict> {
  return { verdict: verdict === 'close' ? 'skip' : verdict, ...said };
}

/** `skip` leaves the unit as it was, as far as its board allows; `scrap` ends it. */
async function giveUp(
  work: Work,
  failure: StepFailure,
  decision: Decision<UnitVerdict>,
): Promise<ReworkUnitReport> {
  const { input, passage } = work;
  const { code } = failure;
  const failed = failureOf(passage, failure);
  if (decision.verdict === 'skip' && !isWiped(work)) {
    await restore(work);
    return await keep(work, { failure: failed, decision });
  }
  const outcome = decision.verdict === 'skip' ? 'HOLD' : 'FAIL';
  await registryBookkeeping.endReworkUnit({
    reworkId: input.reworkId,
    unit: passage.unit,
    result: 'ended',
    outcome: { outcome, code },
    failure: failed,
    decision,
    ...signedIn(passage),
  });
  await endAtSigner(work, true);
  throw ended(work, { outcome, code });
}

/** Nobody decides any more: as `skip`. A unit whose board is proven is done but for its registration. */
async function cancelled(work: Work): Promise<ReworkUnitReport> {
  const { input, passage } = work;
  work.isCancelled = true;
  const decision = work.desk.shut();
  await work.restarted.recall();
  if (input.kind === 'scrap') return await scrap(work);
  if (decision !== undefined)
    return await giveUp(work, passage.failure ?? { code: 'CANCELLED' }, ofRework(decision));
  const unknown = await lookBack(passage, work.restarted);
  if (passage.verified && (await attempt(work)) === undefined)
    return { ...passage.report('PASS'), result: 'done' };
  await leaveSocket(passage, 'CANCELLED');
  const failed = unknown && { failure: failureOf(passage, unknown) };
  if (!isWiped(work)) {
    await restore(work);
    return await keep(work, { ...failed });
  }
  const outcome = { outcome: 'HOLD', code: 'CANCELLED' } as const;
  const end = { reworkId: input.reworkId, unit: passage.unit, result: 'ended', outcome, ...failed } as const;
  await registryBookkeeping.endReworkUnit({ ...end, ...signedIn(passage) });
  await endAtSigner(work, true);
  throw ended(work, outcome);
}

/** By what happened in this run, or by what the registry says of one that was reset or started by hand. */
function isWiped({ input, restarted: { recalled }, isWiped: wiped }: Work): boolean {
  return wiped || (recalled !== undefined && recalled.fingerprint !== input.unit.oldFingerprint);
}

async function restore({ input, passage, restarted }: Work): Promise<void> {
  const isWritten = passage.signedBefore || passage.signed !== undefined || restarted.recalled !== undefined;
  if (input.kind === 'renew' && isWritten) await restoreCertificate(input, passage);
}

/** The unit passed, with the certificate that it had. */
async function keep(
  work: Work,
  given: {
    readonly failure?: ReturnType<typeof failureOf>;
    readonly decision?: Decision;
  },
): Promise<ReworkUnitReport> {
  const { input, passage } = work;
  const { unit } = passage;
  const end = { reworkId: input.reworkId, unit, result: 'kept', ...given } as const;
  await registryBookkeeping.endReworkUnit({ ...end, ...signedIn(passage) });
  await endAtSigner(work, false);
  return { serial: unit.serial, outcome: 'PASS', attempts: unit.attempt, ...old(input), result: 'kept' };
}

function old({ unit }: ReworkUnitInput): Pick<ReworkUnitReport, 'fingerprint' | 'boardId'> {
  return { fingerprint: unit.oldFingerprint, boardId: unit.heldBoardId };
}

/** The certificate ends whether its board is there or not. */
async function scrap(work: Work): Promise<ReworkUnitReport> {
  const { input, passage } = work;
  await CancellationScope.nonCancellable(async () => {
    await work.restarted.recall();
    // The signer permits nothing more for a unit that has ended; a run that was reset may come after that.
    await obtainPermit(passage).catch((error: unknown) => {
      if (!(error instanceof ActivityFailure)) throw error;
    });
    await endAtSigner(work, true);
    await wipeIfSeated(input, passage);
    const { reworkId, reason, by } = input;
    const decision = decidedNow('scrap', { reason, by });
    const outcome = { outcome: 'FAIL', code: 'SCRAPPED' } as const;
    const end = { reworkId, unit: passage.unit, result: 'done', outcome, decision } as const;
    await registryBookkeeping.endReworkUnit(end);
  });
  showTrouble({ status: UNIT_STATUS.scrapped });
  return { serial: passage.row.serial, outcome: 'FAIL', attempts: passage.unit.attempt, result: 'done' };
}

async function endAtSigner({ input, passage }: Work, revokesActive: boolean): Promise<void> {
  const { serial, attempt: number } = passage.unit;
  const { reworkId } = input;
  await signerBookkeeping.endRework({ reworkId, serial, attempt: number, revokesActive });
}

function signedIn({ boardCertificate }: UnitPassage) {
  return boardCertificate && { boardCertificate };
}

function failureOf({ step, claim: place, keypair }: UnitPassage, failure: StepFailure) {
  return {
    step,
    ...failure,
    ...(place && { claim: place }),
    ...(keypair && { startedAt: keypair.startedAt }),
  };
}

function ended(
  { passage }: Work,
  { outcome, code }: { readonly outcome: 'HOLD' | 'FAIL'; readonly code: keyof typeof FAILURES },
): ApplicationFailure {
  const result: ReworkResult = 'ended';
  const { serial } = passage.row;
  return ApplicationFailure.create({
    type: code,
    message: `${serial}: ${outcome}, its rework was given up. ${FAILURES[code].hint}`,
    nonRetryable: true,
    details: [{ serial, outcome, attempts: passage.unit.attempt, code, result }],
  });
}

/** The unit ends as its rework had ended. */
function endAgain(
  { passage: { unit } }: Work,
  { result = 'kept', outcome = 'PASS', attempt: attempts, code, fingerprint }: RecalledRework,
): ReworkUnitReport {
  const { serial } = unit;
  const report: ReworkUnitReport = {
    serial,
    outcome,
    attempts,
    result,
    ...(code && { code }),
    ...(fingerprint !== undefined && { fingerprint }),
  };
  if (result !== 'ended') return report;
  throw ApplicationFailure.create({
    type: code ?? 'ENDED_BEFORE',
    message: `${serial} had ended as ${outcome} before.`,
    nonRetryable: true,
    details: [report],
  });
}
