import type { Client } from '@temporalio/client';
import type { BatchInput, Recovery } from '../../provisioning/batch.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { Registry } from '../../registry/registry.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { workflowDescription } from '../../temporal/workflow-description.ts';
import { restartBatchWorkflow } from '../../workers/batch-start.ts';
import { CommandError } from '../exit-status.ts';
import type { BatchRun } from './find-run.ts';

/** Whether the workflow of a run of a batch runs. */
export async function isRunning(client: Client, workflowId: string): Promise<boolean> {
  return (await workflowDescription(client, workflowId))?.status.name === 'RUNNING';
}

/**
 * How many chunks and units of the run are under way. The list of Temporal lags behind, so each of them is asked about. The
 * other runs of the batch have chunks and units of their own.
 */
export async function underWay(client: Client, registry: Registry, run: BatchRun): Promise<number> {
  const { batch, runId, supplement } = run;
  const query = `ProvBatch="${batch.batchId}" AND ExecutionStatus="Running" AND WorkflowType IN ("chunk", "unit")`;
  const chunks = `${batchWorkflowId(runId)}/chunk-`;
  let count = 0;
  for await (const { workflowId, type, searchAttributes } of client.workflow.list({ query })) {
    const isOfRun =
      type === 'chunk'
        ? workflowId.startsWith(chunks)
        : (await registry.unit(String(searchAttributes['ProvSerial']?.[0])))?.supplement === supplement;
    if (isOfRun && (await isRunning(client, workflowId))) count += 1;
  }
  return count;
}

/** Starts the workflow of a run again that has ended. Throws `refused` when it runs. */
export async function restartRun(
  client: Client,
  { batch, supplement, runId }: BatchRun,
  pace: Pick<BatchInput, 'window' | 'priority'>,
  recovery: Recovery & { readonly decision: Decision },
): Promise<void> {
  const { batchId, order, manifest, manifestSha256, quantity } = batch;
  const input = { batchId, order, manifest, manifestSha256, quantity, ...pace, recovery };
  // The registry knows the units of a supplement that was opened before.
  const known = supplement !== undefined && { number: supplement, choice: {}, decision: recovery.decision };
  if (!(await restartBatchWorkflow(client, { ...input, ...(known && { supplement: known }) })))
    throw runs(runId);
}

/** The error for a run that runs. */
export function runs(runId: string): CommandError {
  return new CommandError(
    'refused',
    `Batch ${runId} runs: there is nothing to recover, see "certline batch show ${runId}".`,
  );
}
