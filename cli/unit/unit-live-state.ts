import { WorkflowNotFoundError } from '@temporalio/client';
import { MESSAGES } from '../../provisioning/messages.ts';
import type { UnitState } from '../../provisioning/unit.ts';
import { unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { ConfigError } from '../../line/config-error.ts';
import { withLineClient } from '../line/line-client.ts';

/** An orchestrator that is there answers within milliseconds; the record is shown without it too. */
const QUERY_PATIENCE_MS = 5_000;

/** What the unit's workflow says, or why nothing is heard of it; undefined where no line runs or no workflow does. */
export type LiveState = { readonly now: UnitState } | { readonly unheard: string } | undefined;

/** Asks the workflow of a unit that has not ended. Throws nothing: what is recorded is worth showing anyway. */
export async function unitLiveState(stateFolder: string, serial: string): Promise<LiveState> {
  try {
    return await withLineClient(stateFolder, async (client) => {
      const handle = client.workflow.getHandle(unitWorkflowId(serial));
      const deadline = Date.now() + QUERY_PATIENCE_MS;
      return { now: await client.withDeadline(deadline, () => handle.query<UnitState>(MESSAGES.state)) };
    });
  } catch (error) {
    if (error instanceof ConfigError || error instanceof WorkflowNotFoundError) return undefined;
    return { unheard: (error as Error).message };
  }
}
