import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowExecutionStatusName, WorkflowHandle } from '@temporalio/client';
import type { BatchProgress } from '../../provisioning/batch.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { CommandError } from '../exit-status.ts';
import { isServiceFault } from '../line/line-client.ts';

/** How a batch stands at one moment: `progress` is absent when no orchestrator answers. */
export interface BatchStanding {
  readonly status: WorkflowExecutionStatusName;
  readonly progress: BatchProgress | undefined;
}

/** An orchestrator answers a query within milliseconds, or is busy, or is not there. */
const QUERY_PATIENCE_MS = 5_000;

/** Asks the server and the orchestrator. Throws `unknown` where Temporal has no such batch (any more), ServiceError. */
export async function batchStanding(client: Client, batchId: string): Promise<BatchStanding> {
  const handle = client.workflow.getHandle(batchWorkflowId(batchId));
  try {
    const { status } = await client.withDeadline(Date.now() + QUERY_PATIENCE_MS, () => handle.describe());
    // A workflow that has ended has its result in its history, whether anybody answers or not.
    const progress =
      status.name === 'COMPLETED'
        ? ((await handle.result()) as BatchProgress)
        : await askProgress(client, handle);
    return { status: status.name, progress };
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new CommandError(
      'unknown',
      `Temporal has no batch ${batchId} (any more): see "certline batch show ${batchId}".`,
      {
        cause: error,
      },
    );
  }
}

/** The error for a batch that cannot be controlled because it has ended. Throws as `batchStanding`. */
export async function batchNotRunning(client: Client, batchId: string): Promise<CommandError> {
  const { status } = await batchStanding(client, batchId);
  return new CommandError(
    'refused',
    `Batch ${batchId} has ended (${status.toLowerCase()}), so none of its units waits: see "certline batch show ${batchId}".`,
  );
}

async function askProgress(client: Client, handle: WorkflowHandle): Promise<BatchProgress | undefined> {
  try {
    return await client.withDeadline(Date.now() + QUERY_PATIENCE_MS, () =>
      handle.query<BatchProgress>(MESSAGES.progress),
    );
  } catch (error) {
    if (isServiceFault(error)) return undefined;
    throw error;
  }
}
