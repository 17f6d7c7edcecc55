import { WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowExecutionStatusName } from '@temporalio/client';
import { MESSAGES } from '../../provisioning/messages.ts';
import type { UnitState } from '../../provisioning/unit.ts';
import { unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { ConfigError } from '../../line/config-error.ts';
import { withLineClient } from '../line/line-client.ts';

/** An orchestrator that is there answers within milliseconds; the record is shown without it too. */
const QUERY_PATIENCE_MS = 5_000;

/**
 * What the unit's workflow says, or why nothing is heard of it, or how it ended if no end of it is recorded; undefined where no line
 * runs or there is no workflow.
 */
export type LiveState =
  { readonly now: UnitState } | { readonly unheard: string } | { readonly ended: string } | undefined;

/** Asks the workflow of a unit that has not ended. Throws nothing: what is recorded is worth showing anyway. */
export async function unitLiveState(stateFolder: string, serial: string): Promise<LiveState> {
  try {
    return await withLineClient(stateFolder, async (client) => {
      const handle = client.workflow.getHandle(unitWorkflowId(serial));
      const deadline = Date.now() + QUERY_PATIENCE_MS;
      const { status, closeTime } = await client.withDeadline(deadline, () => handle.describe());
      // One that was terminated still answers, as if it waited.
      if (status.name !== 'RUNNING') return { ended: endOf(status.name, closeTime) };
      return { now: await client.withDeadline(deadline, () => handle.query<UnitState>(MESSAGES.state)) };
    });
  } catch (error) {
    if (error instanceof ConfigError || error instanceof WorkflowNotFoundError) return undefined;
    return { unheard: (error as Error).message };
  }
}

function endOf(status: WorkflowExecutionStatusName, closeTime: Date | undefined): string {
  const what = status === 'TERMINATED' ? 'was terminated in Temporal' : `ended (${status.toLowerCase()})`;
  return `${what} at ${closeTime?.toISOString() ?? 'a time that is not known'}`;
}
