import { WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowExecutionStatusName } from '@temporalio/client';
import { reworkWorkflowId } from '../../provisioning/workflow-ids.ts';
import { withLineClient } from '../line/line-client.ts';
import { reasonOf } from '../report-failure.ts';

const BROKEN_ENDS: Partial<Record<WorkflowExecutionStatusName, string>> = {
  TERMINATED: 'was terminated in Temporal',
  FAILED: 'failed in Temporal',
  TIMED_OUT: 'timed out in Temporal',
};

/** The sentence for a rework whose workflow ended before its units did, with what to type; undefined for any other. */
export async function brokenRework(stateFolder: string, reworkId: string): Promise<string | undefined> {
  const what = await endInTemporal(stateFolder, reworkId);
  return (
    what && `It ${what}; recover with: certline rework recover ${reworkId} --reason "why" --by "your name"`
  );
}

/** Undefined also where nobody answers. */
async function endInTemporal(stateFolder: string, reworkId: string): Promise<string | undefined> {
  try {
    return await withLineClient(stateFolder, async (client) => {
      const { status, closeTime } = await client.workflow.getHandle(reworkWorkflowId(reworkId)).describe();
      const what = BROKEN_ENDS[status.name];
      return what && `${what} at ${closeTime?.toISOString() ?? 'a time that is not known'}`;
    });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'was deleted in Temporal';
    if (['server', 'lineNotRunning'].includes(reasonOf(error))) return undefined;
    throw error;
  }
}
