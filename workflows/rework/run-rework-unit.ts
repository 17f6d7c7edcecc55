import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  ParentClosePolicy,
  TerminatedFailure,
  WorkflowIdReusePolicy,
  executeChild,
  isCancellation,
} from '@temporalio/workflow';
import { keepsOldCertificate } from '../../provisioning/rework.ts';
import type { ReworkResult, ReworkUnitInput, ReworkUnitReport } from '../../provisioning/rework.ts';
import { unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { unitAttributes } from '../search-attributes.ts';
import { registryBookkeeping, signerBookkeeping } from '../steps.ts';
import type { reworkUnit } from './rework-unit.ts';

/** Runs the workflow of one unit. It has the id of the unit's first one: nothing else can run for the unit meanwhile. */
export async function runReworkUnit(input: ReworkUnitInput): Promise<ReworkResult> {
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
  if (!(error instanceof ChildWorkflowFailure)) {
    const neverBegan = error instanceof WorkflowExecutionAlreadyStartedError || isCancellation(error);
    if (neverBegan) return await settle(input, 'kept');
    throw error;
  }
  const { cause } = error;
  const report =
    cause instanceof ApplicationFailure ? (cause.details?.[0] as ReworkUnitReport | undefined) : undefined;
  if (report !== undefined) return report.result;
  // Of a unit that was terminated, nobody knows whether its board was wiped.
  const isKept = keepsOldCertificate(input.kind) || !(cause instanceof TerminatedFailure);
  return await settle(input, isKept ? 'kept' : 'ended');
}

/** The unit's workflow did not run, or was terminated: what it would have recorded. What it recorded itself stays. */
async function settle({ reworkId, unit }: ReworkUnitInput, result: ReworkResult): Promise<ReworkResult> {
  const { batchId, serial, attempt } = unit;
  return await CancellationScope.nonCancellable(async () => {
    await registryBookkeeping.endReworkUnit({
      reworkId,
      unit: { batchId, serial, attempt },
      result,
      ...(result === 'ended' && { outcome: { outcome: 'ERROR', code: 'UNIT_TERMINATED' } }),
    });
    await signerBookkeeping.endRework({ reworkId, serial, attempt, revokesActive: result === 'ended' });
    return result;
  });
}
