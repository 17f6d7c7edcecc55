import type { WorkflowHandle } from '@temporalio/client';
import type { Rig } from './rig.ts';

/** What the button Reset does: a new run that begins after the first or the last workflow task of the last one. */
export async function resetTo(
  { client, namespace }: Pick<Rig, 'client' | 'namespace'>,
  workflowId: string,
  event: 'first' | 'last',
): Promise<WorkflowHandle> {
  const handle = client.workflow.getHandle(workflowId);
  const { events } = await handle.fetchHistory();
  const tasks = events!.filter(
    ({ workflowTaskCompletedEventAttributes }) => workflowTaskCompletedEventAttributes,
  );
  const { runId } = await handle.describe();
  await client.workflowService.resetWorkflowExecution({
    namespace,
    workflowExecution: { workflowId, runId },
    reason: 'a test',
    requestId: `reset-${event}-${runId}`,
    workflowTaskFinishEventId: tasks.at(event === 'first' ? 0 : -1)!.eventId!,
  });
  return client.workflow.getHandle(workflowId);
}
