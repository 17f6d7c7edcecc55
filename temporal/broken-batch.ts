import type { WorkflowExecutionStatusName } from '@temporalio/client';

const BROKEN_ENDS: Partial<Record<WorkflowExecutionStatusName, string>> = {
  TERMINATED: 'was terminated in Temporal',
  FAILED: 'failed in Temporal',
  TIMED_OUT: 'timed out in Temporal',
};

/** The sentence for a batch whose workflow ended without closing it, with what to type; undefined for any other. */
export function brokenEnd(
  batchId: string,
  { status, endedAt }: { readonly status: WorkflowExecutionStatusName; readonly endedAt?: Date | undefined },
): string | undefined {
  const what = BROKEN_ENDS[status];
  if (what === undefined) return undefined;
  const when = endedAt === undefined ? '' : ` at ${endedAt.toISOString()}`;
  return `Batch ${batchId} ${what}${when}; recover with: ${recoverCommand(batchId)}`;
}

/** The sentence for a batch that is open and that Temporal does not have: it was deleted there, or its database was lost. */
export function goneBatch(batchId: string): string {
  return `Temporal does not have batch ${batchId} (any more); recover with: ${recoverCommand(batchId)}`;
}

/** What to type for a batch that was ended in Temporal. */
export function recoverCommand(batchId: string): string {
  return `certline batch recover ${batchId} --reason "why" --by "your name"`;
}
