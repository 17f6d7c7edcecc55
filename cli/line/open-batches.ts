import type { Client } from '@temporalio/client';
import { batchIdOf } from '../../provisioning/workflow-ids.ts';
import { isShellWord } from '../terminal/shell-word.ts';
import { batchStanding } from '../batch/batch-standing.ts';
import { standingSummary } from '../batch/standing-summary.ts';
import type { LineTrouble } from '../../provisioning/line-trouble.ts';
import type { Registry } from '../../registry/registry.ts';

/** An open batch: units that ended by how, that wait for a decision, and all others. */
export interface OpenBatch {
  readonly batchId: string;
  readonly order: string;
  readonly quantity: number;
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly held: number;
  readonly attention: number;
  readonly open: number;
  /** Says that its workflow was terminated or deleted, or failed, and what to type. */
  readonly broken?: string;
  /** What is wrong with the line, as the running batch knows it; absent where nothing is. */
  readonly trouble?: readonly LineTrouble[];
}

/** The open batches as the registry has them, the newest first. */
export async function recordedOpenBatches(stateFolder: string, registry: Registry): Promise<OpenBatch[]> {
  const open: OpenBatch[] = [];
  for (const { batchId } of await registry.openBatches()) {
    const { summary, broken, trouble } = await standingSummary(stateFolder, registry, batchId);
    const { batch, ...counts } = summary;
    const { order, quantity } = batch;
    open.push({
      batchId,
      order,
      quantity,
      ...counts,
      ...(broken !== undefined && { broken }),
      ...(trouble && { trouble }),
    });
  }
  return open;
}

/** The batches that run in Temporal, and the counts of those that an orchestrator answers for. */
export async function runningBatches(
  client: Client,
): Promise<readonly (OpenBatch | Pick<OpenBatch, 'batchId'>)[]> {
  const batches: (OpenBatch | Pick<OpenBatch, 'batchId'>)[] = [];
  const query = "WorkflowType = 'batch' AND ExecutionStatus = 'Running'";
  for await (const { workflowId } of client.workflow.list({ query })) {
    const batchId = batchIdOf(workflowId);
    // Anybody can start a workflow of this type.
    if (!isShellWord(batchId)) continue;
    const { progress } = await batchStanding(client, batchId);
    if (progress === undefined) {
      batches.push({ batchId });
      continue;
    }
    const { order, quantity, passed, failed, errors, held, trouble } = progress;
    const attention = progress.attention.length;
    const open = quantity - passed - failed - errors - held - attention;
    batches.push({
      batchId,
      order,
      quantity,
      passed,
      failed,
      errors,
      held,
      attention,
      open,
      ...(trouble && { trouble }),
    });
  }
  return batches;
}
