import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { UnitStanding } from '../fixtures/unit-standing.ts';
import { MESSAGES } from '../provisioning/messages.ts';
import type { UnitState } from '../provisioning/unit.ts';
import { unitWorkflowId } from '../provisioning/workflow-ids.ts';

/** How units stand, asked of Temporal. */
export function temporalUnitStanding(client: Client, log: Logger): UnitStanding {
  const standing: UnitStanding['standing'] = async (serial) => {
    try {
      const { status } = await client.workflow.getHandle(unitWorkflowId(serial)).describe();
      return status.name === 'COMPLETED' ? 'passed' : status.name === 'RUNNING' ? 'open' : 'closed';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'closed';
      throw error;
    }
  };
  return {
    standing,
    holds: async (serial, boardId) => {
      try {
        if ((await standing(serial)) !== 'open') return false;
        const handle = client.workflow.getHandle(unitWorkflowId(serial));
        const state = await handle.query<UnitState>(MESSAGES.state);
        return state.boardId === boardId && state.attention === undefined;
      } catch (error) {
        log.warn({ serial, boardId, err: error }, 'cannot ask whether the unit still holds its board');
        return true;
      }
    },
  };
}
