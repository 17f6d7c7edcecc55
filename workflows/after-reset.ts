import { CancellationScope, condition, patched, workflowInfo } from '@temporalio/workflow';

/** True in a run that Temporal made when somebody reset the workflow. */
export function wasReset(): boolean {
  const { runId, originalExecutionRunId } = workflowInfo();
  return runId !== originalExecutionRunId;
}

/**
 * Resolves in a run that Temporal made when somebody reset the workflow, when all that was before is replayed; in any other
 * run never. Such a run does not hear of the end of a child that ended meanwhile. `patched` is false during the replay.
 */
export async function afterReset(): Promise<void> {
  if (!wasReset()) await new Promise(() => undefined);
  await CancellationScope.nonCancellable(() => condition(() => patched('look-at-units-after-reset')));
}
