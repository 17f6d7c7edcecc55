import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { WorkStanding } from '../activities/work-standing.ts';
import { unitWorkflowId } from '../provisioning/workflow-ids.ts';

/** What runs, as Temporal's server says. */
export function temporalWorkStanding(client: Client): WorkStanding {
  return {
    unitRuns: async (serial) => {
      try {
        const { status } = await client.workflow.getHandle(unitWorkflowId(serial)).describe();
        return status.name === 'RUNNING';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },
    batchRuns: async (batchId) => {
      const quoted = batchId.replaceAll(/["\\]/g, '');
      const query = `ProvBatch="${quoted}" AND WorkflowType IN ("chunk", "unit") AND ExecutionStatus="Running"`;
      return (await client.workflow.count(query)).count > 0;
    },
  };
}
