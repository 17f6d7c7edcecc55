import type { WorkflowHandle } from '@temporalio/client';

/** What the page of a workflow in the Temporal UI shows as its current details: Markdown. */
export async function currentDetails(handle: WorkflowHandle): Promise<string> {
  const { currentDetails: details } = await handle.query<{ currentDetails?: string }>(
    '__temporal_workflow_metadata',
  );
  return details ?? '';
}
