import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Recovery } from '../../provisioning/batch.ts';
import type { BatchRecord } from '../../registry/registry.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { restartBatchWorkflow } from '../../workers/batch-start.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { withLineClient } from '../line/line-client.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { printLine } from '../terminal/stdout.ts';
import { findBatch } from './find-batch.ts';

const WHAT = 'recover a batch';

export interface RecoverOptions {
  readonly reason: string;
  readonly yes?: boolean;
}

/**
 * `certline batch recover`. Throws `refused` when the batch needs no recovery or the answer is no, `usage` where nobody can be
 * asked, `unknown`, `lineNotRunning`.
 */
export async function recoverBatch(
  { stateFolder, config }: Invocation,
  given: string,
  options: RecoverOptions,
): Promise<void> {
  mustBeConfirmable(WHAT, options);
  const batch = await withRegistry(stateFolder, (registry) => findBatch(registry, given));
  if (batch.startedAt === undefined) throw notBegun(batch);
  await withLineClient(stateFolder, async (client) => {
    if (await isRunning(client, batchWorkflowId(batch.batchId))) throw runs(batch);
    const others = await underWay(client, batch);
    const mode = others > 0 ? 'continue' : 'close';
    await confirm(WHAT, questionOf(batch, others), options);
    await restart(client, batch, config.unitsInFlight, { mode, reason: options.reason });
    const how = mode === 'continue' ? 'continues' : 'is being closed';
    printLine(`Batch ${batch.batchId} ${how}: certline batch watch ${batch.batchId}`);
  });
}

/** How many chunks and units of the batch run. The list of Temporal lags behind, so each of them is asked about. */
async function underWay(client: Client, { batchId }: BatchRecord): Promise<number> {
  const query = `ProvBatch="${batchId}" AND ExecutionStatus="Running" AND WorkflowType IN ("chunk", "unit")`;
  let count = 0;
  for await (const { workflowId } of client.workflow.list({ query }))
    if (await isRunning(client, workflowId)) count += 1;
  return count;
}

async function isRunning(client: Client, workflowId: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

function questionOf({ batchId, state }: BatchRecord, others: number): string {
  if (others > 0)
    return `Continue batch ${batchId}? ${others} of its chunks and units are under way; units that have not begun will begin.`;
  return state === 'closed'
    ? `Settle the certificates of batch ${batchId} again?`
    : `Close batch ${batchId}? Nothing of it is under way: its units that have not ended end as HOLD, or as ERROR if they have a certificate.`;
}

async function restart(
  client: Client,
  batch: BatchRecord,
  window: number,
  recovery: Recovery,
): Promise<void> {
  const { batchId, order, manifest, manifestSha256, quantity } = batch;
  const input = { batchId, order, manifest, manifestSha256, quantity, window, recovery };
  if (!(await restartBatchWorkflow(client, input))) throw runs(batch);
}

function runs({ batchId }: BatchRecord): CommandError {
  return new CommandError(
    'refused',
    `Batch ${batchId} runs: there is nothing to recover, see "certline batch show ${batchId}".`,
  );
}

function notBegun({ batchId }: BatchRecord): CommandError {
  return new CommandError('refused', `Batch ${batchId} has not begun: it begins when the line starts.`);
}
