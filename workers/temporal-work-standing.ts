import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { WorkStanding } from '../activities/work-standing.ts';
import { WORKFLOW_QUEUE } from '../provisioning/task-queues.ts';
import { unitWorkflowId } from '../provisioning/workflow-ids.ts';

/** What runs, as Temporal's server says. */
export function temporalWorkStanding(client: Client): WorkStanding {
  return {
    unitRuns: async (serial) => {
      const unit = await described(client, { workflowId: unitWorkflowId(serial) });
      return unit?.status.name === 'RUNNING';
    },
    batchRuns: async (batchId) => {
      const quoted = batchId.replaceAll(/["\\]/g, '');
      const query = `ProvBatch="${quoted}" AND WorkflowType IN ("chunk", "unit") AND ExecutionStatus="Running"`;
      return (await client.workflow.count(query)).count > 0;
    },
    isOrchestrated: async (run) => (await described(client, run))?.taskQueue === WORKFLOW_QUEUE,
  };
}

/** The run, or the last one of the id; undefined where Temporal has none. */
async function described(
  client: Client,
  { workflowId, runId }: { readonly workflowId: string; readonly runId?: string },
): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await client.workflow.getHandle(workflowId, runId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
