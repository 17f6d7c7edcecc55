import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { CommandError } from '../exit-status.ts';

/** A worker that is there answers within a second; one that replays a long history, within some. */
const ANSWER_PATIENCE_MS = 30_000;

/**
 * Sends an Update to a workflow and returns what it answers; undefined when no workflow of this id runs. Throws
 * `refused` with the workflow's own sentence, `lineNotRunning` when no worker takes it.
 */
export async function askWorkflow<T>(
  client: Client,
  workflowId: string,
  update: string,
  argument: object,
): Promise<T | undefined> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    return await client.withDeadline(Date.now() + ANSWER_PATIENCE_MS, () =>
      handle.executeUpdate<T, [object]>(update, { args: [argument] }),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    if (error instanceof WorkflowUpdateFailedError) throw refusal(error);
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) throw untaken(workflowId, update, error);
    throw error;
  }
}

function refusal(error: WorkflowUpdateFailedError): CommandError {
  return new CommandError('refused', error.cause?.message ?? error.message, { cause: error });
}

function untaken(workflowId: string, update: string, cause: unknown): CommandError {
  const message = `No orchestrator answered "${update}" for ${workflowId}: make sure that the line runs, then try again.`;
  return new CommandError('lineNotRunning', message, { cause });
}
