import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  ParentClosePolicy,
  WorkflowIdReusePolicy,
  executeChild,
  isCancellation,
  patched,
} from '@temporalio/workflow';
import type { Decision } from '../../provisioning/decision.ts';
import { keepsOldCertificate } from '../../provisioning/rework.ts';
import type {
  ReworkFailure,
  ReworkResult,
  ReworkUnitInput,
  ReworkUnitReport,
} from '../../provisioning/rework.ts';
import type { UnfinishedCertificate } from '../../provisioning/signing.ts';
import { unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { afterReset } from '../after-reset.ts';
import { unitAttributes } from '../search-attributes.ts';
import { settleCertificates } from '../settle-certificates.ts';
import { registryBookkeeping, signerBookkeeping } from '../steps.ts';
import { unfinishedCertificateOf } from '../unfinished-certificate.ts';
import { untilUnitEndedOrCancelled } from '../until-unit-ended.ts';
import type { reworkUnit } from './rework-unit.ts';

/** Runs the workflow of one unit. It has the id of the unit's first one: nothing else can run for the unit meanwhile. */
export async function runReworkUnit(input: ReworkUnitInput): Promise<ReworkResult> {
  return await Promise.race([resultOfUnit(input), afterReset().then(() => endOfReworkUnit(input))]);
}

async function resultOfUnit(input: ReworkUnitInput): Promise<ReworkResult> {
  const { unit, kind } = input;
  const { batchId, order, serial, product } = unit;
  try {
    const { result } = await executeChild<typeof reworkUnit>('reworkUnit', {
      workflowId: unitWorkflowId(serial),
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      args: [input],
      typedSearchAttributes: unitAttributes({ batchId, order, serial, product }),
      // Stations read it: only the board with this certificate is the one to rework.
      ...(kind !== 'swap' && { memo: { certificateSha256: unit.oldFingerprint } }),
      staticSummary: `${serial} (${product}), rework ${input.reworkId}: ${kind}`,
    });
    return result;
  } catch (error) {
    return await resultWithoutReport(error, input);
  }
}

async function resultWithoutReport(error: unknown, input: ReworkUnitInput): Promise<ReworkResult> {
  if (error instanceof WorkflowExecutionAlreadyStartedError) return await resultAfterAnother(input);
  if (isCancellation(error) && !(error instanceof ChildWorkflowFailure)) return await settle(input, 'kept');
  if (!(error instanceof ChildWorkflowFailure)) throw error;
  const { cause } = error;
  const report =
    cause instanceof ApplicationFailure ? (cause.details?.[0] as ReworkUnitReport | undefined) : undefined;
  // Also one that was reset is terminated, and runs.
  return report?.result ?? (await endOfReworkUnit(input));
}

/**
 * Another workflow of the unit runs. An earlier run of this rework, which was reset, had started it; or it is the one with which the unit
 * passed, which is recorded before that workflow ends. Then nothing of the rework has begun.
 */
async function resultAfterAnother(input: ReworkUnitInput): Promise<ReworkResult> {
  if (!patched('await-unit-before-rework')) return await endOfReworkUnit(input);
  await untilUnitEndedOrCancelled(input.unit.serial);
  return (await hasBegun(input)) ? await endOfReworkUnit(input) : await resultOfUnit(input);
}

async function hasBegun({ reworkId, unit: old }: ReworkUnitInput): Promise<boolean> {
  const { batchId, serial, attempt, oldFingerprint } = old;
  const unit = { batchId, serial, attempt };
  const recalled = await CancellationScope.nonCancellable(() =>
    registryBookkeeping.recallReworkUnit({ reworkId, unit }),
  );
  if (recalled.result !== undefined || recalled.attempt >= attempt) return true;
  if (recalled.fingerprint !== oldFingerprint) return true;
  return (
    (await CancellationScope.nonCancellable(() => unfinishedCertificateOf(batchId, serial))) !== undefined
  );
}

/** The end of a unit that cannot report to its rework: as it recorded it, or else as terminated. It is cancelled with its rework. */
export async function endOfReworkUnit(input: ReworkUnitInput, decision?: Decision): Promise<ReworkResult> {
  const { unit, kind } = input;
  await untilUnitEndedOrCancelled(unit.serial);
  // Of a unit that was terminated, nobody knows whether its board was wiped.
  return await settle(input, keepsOldCertificate(kind) ? 'kept' : 'ended', decision);
}

/** What the unit would have recorded. What it recorded itself stays, and is returned. */
async function settle(
  { reworkId, kind, unit }: ReworkUnitInput,
  assumed: ReworkResult,
  decision?: Decision,
): Promise<ReworkResult> {
  const { batchId, serial } = unit;
  return await CancellationScope.nonCancellable(async () => {
    const certificate = await certificateOf({ kind, unit });
    const attempt = certificate?.attempt ?? unit.attempt;
    const result = await registryBookkeeping.endReworkUnit({
      reworkId,
      unit: { batchId, serial, attempt },
      result: assumed,
      ...(certificate && { failure: failureOf(certificate), ...signedIn(certificate) }),
      ...(assumed === 'ended' && { outcome: { outcome: 'ERROR', code: 'UNIT_TERMINATED' } }),
      ...(decision && { decision }),
    });
    // It may have been terminated between its registration and the activation of its certificate.
    if (result === 'done' && kind !== 'scrap') await settleCertificates({ batchId, isOver: false });
    const revokesActive = result === 'ended' || kind === 'scrap';
    await signerBookkeeping.endRework({ reworkId, serial, attempt, revokesActive });
    return result;
  });
}

/** What was signed for a unit that was terminated in its rework: its board may carry that, and its tile may have said PASS. */
async function certificateOf({
  kind,
  unit: { batchId, serial },
}: Pick<ReworkUnitInput, 'kind' | 'unit'>): Promise<UnfinishedCertificate | undefined> {
  // Nothing is signed for what is scrapped. Earlier versions did not ask.
  if (kind === 'scrap' || !patched('board-of-terminated-rework')) return undefined;
  return await unfinishedCertificateOf(batchId, serial);
}

/** Absent where the signer did not say it, as one of an earlier version does. */
function signedIn({ boardId, certificate }: UnfinishedCertificate) {
  return boardId !== undefined && certificate !== undefined && { boardCertificate: { boardId, certificate } };
}

function failureOf({ boardId, stationId }: UnfinishedCertificate): ReworkFailure {
  const board = boardId === undefined ? 'its board' : `board ${boardId}`;
  const where = stationId === undefined ? '' : ` at ${stationId}`;
  const message = `The unit was terminated in Temporal after a certificate was signed for ${board}${where}, which is revoked: if the tile said PASS, take that board back from the good tray.`;
  return { step: 'flashCredentials', code: 'UNIT_TERMINATED', message };
}
