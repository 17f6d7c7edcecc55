import { ApplicationFailure, CancellationScope, condition, setHandler } from '@temporalio/workflow';
import type { ActivityFailure } from '@temporalio/workflow';
import { FAILURES } from '../../provisioning/failure-table.ts';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import type {
  OpenedRework,
  OpenedReworkUnit,
  ReworkInput,
  ReworkRefusal,
  ReworkResult,
  ReworkState,
  ReworkUnit,
} from '../../provisioning/rework.ts';
import { reworkWorkflowId } from '../../provisioning/workflow-ids.ts';
import { fitting } from '../checked-message.ts';
import { unitAttentionCheck } from '../message-schemas.ts';
import { reworkState, unitAttention } from '../messages.ts';
import { mustHaveId } from '../right-id.ts';
import { registryBookkeeping, signerBookkeeping } from '../steps.ts';
import { codeOfStepFailure } from '../unit/step-failure.ts';
import { ReworkTally } from './rework-tally.ts';
import { cancelUnit } from '../until-unit-ended.ts';
import { endOfReworkUnit, runReworkUnit } from './run-rework-unit.ts';

/** Refusals that one sentence names. */
const NAMED_REFUSALS = 5;

/** Units that passed and are changed, each as its own workflow, when its board is in a socket. */
export async function rework(input: ReworkInput): Promise<ReworkState> {
  mustHaveId(reworkWorkflowId(input.reworkId));
  const tally = new ReworkTally(input);
  setHandler(reworkState, () => tally.state, { description: 'Whether it is allowed, and what waits' });
  setHandler(unitAttention, (message) => {
    const known = fitting(unitAttentionCheck, MESSAGES.unitAttention, message);
    if (known) tally.attend(known.serial, known.attention);
  });
  // A rework that is cancelled at once still ends for each of its units.
  const units = await CancellationScope.nonCancellable(() => open(input, tally));
  tally.open();
  const writing = writeResults(tally);
  await Promise.all(
    units.map(async ({ result, ...unit }) => tally.end(unit, result ?? (await resultOf(input, unit)))),
  );
  await writing;
  tally.close();
  return tally.state;
}

/** A rework that is recovered begins nothing: what is under way of it ends. */
async function resultOf(
  { reworkId, kind, reason, by, recovery }: ReworkInput,
  unit: ReworkUnit,
): Promise<ReworkResult> {
  const of = { reworkId, kind, reason, by, unit };
  if (recovery === undefined) return await runReworkUnit(of);
  await cancelUnit(unit.serial);
  return await endOfReworkUnit(of, recovery);
}

/** Nothing is touched before registry and signer allow the rework of every unit. */
async function open(input: ReworkInput, tally: ReworkTally): Promise<readonly OpenedReworkUnit[]> {
  const { recovery, ...asked } = input;
  const { reworkId } = asked;
  const { units, refusals } = await openInRegistry(asked, tally);
  if (refusals.length > 0) throw refused(tally, 'RELEASE_CONFLICT', sentenceOf(refusals));
  if (recovery !== undefined) return units;
  const released = units.map((unit) => ({ serial: unit.serial, product: unit.product, order: unit.order }));
  try {
    await signerBookkeeping.releaseRework({ ...asked, units: released });
    return units;
  } catch (error) {
    const { code, message } = refusalIn(error);
    await registryBookkeeping.refuseRework({ reworkId, code, message });
    throw refused(tally, code, message);
  }
}

/** The registry, too, needs the word of an intake. */
async function openInRegistry(
  asked: Omit<ReworkInput, 'recovery'>,
  tally: ReworkTally,
): Promise<OpenedRework> {
  try {
    return await registryBookkeeping.openRework(asked);
  } catch (error) {
    const { code, message } = refusalIn(error);
    throw refused(tally, code, message);
  }
}

function refusalIn(error: unknown): { readonly code: FailureCode; readonly message: string } {
  const code = codeOfStepFailure(error, 'signCertificate');
  const { cause } = error as ActivityFailure;
  return { code, message: cause instanceof ApplicationFailure ? cause.message : FAILURES[code].hint };
}

function refused(tally: ReworkTally, code: FailureCode, message: string): ApplicationFailure {
  tally.refuse(message);
  return ApplicationFailure.create({ type: code, message, nonRetryable: true });
}

function sentenceOf(refusals: readonly ReworkRefusal[]): string {
  const named = refusals.slice(0, NAMED_REFUSALS).map(({ serial, why }) => `${serial} ${why}`);
  const rest = refusals.length - named.length;
  return `${named.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}. Nothing was changed.`;
}

/** Units may end days apart: the results of their batches follow, and those that end together share a file. */
async function writeResults(tally: ReworkTally): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    for (;;) {
      await condition(() => tally.hasChanged || tally.isFinished);
      for (const batchId of tally.takeChanged()) await registryBookkeeping.rewriteResult({ batchId });
      if (tally.isFinished && !tally.hasChanged) return;
    }
  });
}
