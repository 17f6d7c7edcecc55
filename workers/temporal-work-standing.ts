import type { Client } from '@temporalio/client';
import type { WorkStanding } from '../activities/work-standing.ts';
import { WORKFLOW_QUEUE } from '../provisioning/task-queues.ts';
import { unitWorkflowId } from '../provisioning/workflow-ids.ts';
import type { RunningWork } from '../registry/work-of-run.ts';
import { workflowDescription } from '../temporal/workflow-description.ts';

/** What runs, as Temporal's server says. */
export function temporalWorkStanding(client: Client): WorkStanding {
  return {
    unitRuns: async (serial) => {
      const unit = await workflowDescription(client, unitWorkflowId(serial));
      return unit?.status.name === 'RUNNING';
    },
    running: (batchId) => runningWork(client, batchId),
    isOrchestrated: async ({ workflowId, runId }) =>
      (await workflowDescription(client, workflowId, runId))?.taskQueue === WORKFLOW_QUEUE,
  };
}

/** What Temporal lists; it may lag behind by seconds. */
export async function* runningWork(client: Client, batchId: string): AsyncGenerator<RunningWork> {
  const quoted = batchId.replaceAll(/["\\]/g, '');
  const query = `ProvBatch="${quoted}" AND WorkflowType IN ("chunk", "unit") AND ExecutionStatus="Running"`;
  for await (const { workflowId, type, searchAttributes } of client.workflow.list({ query })) {
    const [serial] = searchAttributes['ProvSerial'] ?? [];
    yield { workflowId, ...(type === 'unit' && { serial: String(serial) }) };
  }
}
