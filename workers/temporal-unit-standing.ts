import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { Logger } from 'pino';
import type { UnitStanding } from '../fixtures/station/unit-standing.ts';
import { MESSAGES } from '../provisioning/messages.ts';
import type { UnitReport, UnitState } from '../provisioning/unit.ts';
import { unitWorkflowId } from '../provisioning/workflow-ids.ts';

/** The state of units, from Temporal. */
export function temporalUnitStanding(client: Client, log: Logger): UnitStanding {
  const descriptionOf = async (serial: string): Promise<WorkflowExecutionDescription | undefined> => {
    try {
      return await client.workflow.getHandle(unitWorkflowId(serial)).describe();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  };
  const standing: UnitStanding['standing'] = async ({ serial, certificateSha256, boardId }) => {
    const description = await descriptionOf(serial);
    if (description?.status.name === 'RUNNING')
      return description.memo?.['certificateSha256'] === certificateSha256 ? 'rework' : 'open';
    if (description?.status.name !== 'COMPLETED') return 'closed';
    const report = (await client.workflow.getHandle(unitWorkflowId(serial)).result()) as UnitReport;
    if (report.fingerprint !== certificateSha256) return 'closed';
    // A unit of an earlier version does not say on which board it passed.
    return (report.boardId ?? boardId) === boardId ? 'passed' : 'counterfeit';
  };
  return {
    standing,
    isReworked: async (serial) => {
      try {
        const description = await descriptionOf(serial);
        return description?.status.name === 'RUNNING' && description.type === 'reworkUnit';
      } catch (error) {
        log.warn({ serial, err: error }, 'cannot find out whether the unit is reworked');
        return true;
      }
    },
    holds: async (serial, boardId) => {
      try {
        if ((await descriptionOf(serial))?.status.name !== 'RUNNING') return false;
        const handle = client.workflow.getHandle(unitWorkflowId(serial));
        const state = await handle.query<UnitState>(MESSAGES.state);
        return state.boardId === boardId && state.attention === undefined;
      } catch (error) {
        log.warn({ serial, boardId, err: error }, 'cannot find out whether the unit still has its board');
        return true;
      }
    },
  };
}
