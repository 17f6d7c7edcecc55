import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType, WorkflowIdReusePolicy } from '@temporalio/common';
import type { BatchInput, Recovery } from '../provisioning/batch.ts';
import type { SupplementInput } from '../provisioning/supplement.ts';
import type { SearchAttributeName } from '../provisioning/search-attributes.ts';
import { WORKFLOW_QUEUE } from '../provisioning/task-queues.ts';
import { batchWorkflowId, runIdOf } from '../provisioning/workflow-ids.ts';

const keyword = (name: SearchAttributeName) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/** Starts the workflow of a batch; one that was started before, running or ended, stays as it is. */
export async function startBatchWorkflow(client: Client, input: BatchInput): Promise<void> {
  await start(client, input, WorkflowIdReusePolicy.REJECT_DUPLICATE);
}

/** Starts a supplement of a batch. False where this number was started before. */
export async function startSupplementWorkflow(
  client: Client,
  input: BatchInput & { readonly supplement: SupplementInput },
): Promise<boolean> {
  return await start(client, input, WorkflowIdReusePolicy.REJECT_DUPLICATE);
}

/** Starts a run of a batch again whose earlier workflow has ended. False when one runs. */
export async function restartBatchWorkflow(
  client: Client,
  input: BatchInput & { readonly recovery: Recovery },
): Promise<boolean> {
  return await start(client, input, WorkflowIdReusePolicy.ALLOW_DUPLICATE);
}

/** False where the policy allows no further workflow. */
async function start(
  client: Client,
  input: BatchInput,
  workflowIdReusePolicy: WorkflowIdReusePolicy,
): Promise<boolean> {
  const { batchId, order, manifest, quantity, priority, recovery, supplement } = input;
  const how = recovery === undefined ? '' : `, recovered (${recovery.mode})`;
  const what = supplement === undefined ? `${quantity} units` : `supplement ${supplement.number}`;
  try {
    await client.workflow.start('batch', {
      workflowId: batchWorkflowId(runIdOf(batchId, supplement?.number)),
      taskQueue: WORKFLOW_QUEUE,
      workflowIdReusePolicy,
      args: [input],
      ...(priority !== undefined && { priority: { priorityKey: priority } }),
      typedSearchAttributes: [
        { key: keyword('ProvBatch'), value: batchId },
        { key: keyword('ProvOrder'), value: order },
      ],
      staticSummary: `${manifest}: order ${order}, ${what}${how}`,
    });
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return false;
  }
}
