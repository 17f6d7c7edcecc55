import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType, WorkflowIdReusePolicy } from '@temporalio/common';
import type { BatchInput } from '../provisioning/batch.ts';
import type { SearchAttributeName } from '../provisioning/search-attributes.ts';
import { WORKFLOW_QUEUE } from '../provisioning/task-queues.ts';
import { batchWorkflowId } from '../provisioning/workflow-ids.ts';

const keyword = (name: SearchAttributeName) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

/** Starts the workflow of a batch; one that was started before, running or ended, stays as it is. */
export async function startBatchWorkflow(client: Client, input: BatchInput): Promise<void> {
  const { batchId, order, manifest, quantity } = input;
  try {
    await client.workflow.start('batch', {
      workflowId: batchWorkflowId(batchId),
      taskQueue: WORKFLOW_QUEUE,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      args: [input],
      typedSearchAttributes: [
        { key: keyword('ProvBatch'), value: batchId },
        { key: keyword('ProvOrder'), value: order },
      ],
      staticSummary: `${manifest}: order ${order}, ${quantity} units`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
