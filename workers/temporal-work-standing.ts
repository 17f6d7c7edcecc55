import type { Client } from '@temporalio/client';
import type { WorkStanding } from '../activities/work-standing.ts';
import { WORKFLOW_QUEUE } from '../provisioning/task-queues.ts';
import { unitWorkflowId } from '../provisioning/workflow-ids.ts';
import { workflowDescription } from '../temporal/workflow-description.ts';

/** What runs, as Temporal's server says. */
export function temporalWorkStanding(client: Client): WorkStanding {
  return {
    unitRuns: async (serial) => {
      const unit = await workflowDescription(client, unitWorkflowId(serial));
      return unit?.status.name === 'RUNNING';
    },
    batchRuns: async (batchId) => {
      const quoted = batchId.replaceAll(/["\\]/g, '');
      const query = `ProvBatch="${quoted}" AND WorkflowType IN ("chunk", "unit") AND ExecutionStatus="Running"`;
      return (await client.workflow.count(query)).count > 0;
    },
    isOrchestrated: async ({ workflowId, runId }) =>
      (await workflowDescription(client, workflowId, runId))?.taskQueue === WORKFLOW_QUEUE,
  };
}
