import type { Client } from '@temporalio/client';
import type { BatchInput, Recovery } from '../../provisioning/batch.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { Registry } from '../../registry/registry.ts';
import { isWorkOfRun } from '../../registry/work-of-run.ts';
import type { RunningWork } from '../../registry/work-of-run.ts';
import { workflowDescription } from '../../temporal/workflow-description.ts';
import { restartBatchWorkflow } from '../../workers/batch-start.ts';
import { runningWork } from '../../workers/temporal-work-standing.ts';
import { CommandError } from '../exit-status.ts';
import type { BatchRun } from './find-run.ts';

/** Whether the workflow of a run of a batch runs. */
export async function isRunning(client: Client, workflowId: string): Promise<boolean> {
  return (await workflowDescription(client, workflowId))?.status.name === 'RUNNING';
}

/** The chunks and units of the run that are under way. The list of Temporal lags behind, so each of them is asked about. */
export async function workUnderWay(
  client: Client,
  registry: Registry,
  run: BatchRun,
): Promise<readonly RunningWork[]> {
  const { batchId } = run.batch;
  const underWay: RunningWork[] = [];
  for await (const work of runningWork(client, batchId)) {
    const isOfRun = await isWorkOfRun(registry, work, { batchId, supplement: run.supplement });
    if (isOfRun && (await isRunning(client, work.workflowId))) underWay.push(work);
  }
  return underWay;
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
