import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowExecutionStatusName, WorkflowHandle } from '@temporalio/client';
import type { BatchProgress } from '../../provisioning/batch.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import { UNIT_STATUS } from '../../provisioning/search-attributes.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { brokenEnd, recoverCommand } from '../../temporal/broken-batch.ts';
import { CommandError } from '../exit-status.ts';
import { isServiceFault } from '../line/line-client.ts';

/** How a batch stands at one moment: `progress` is absent when no orchestrator answers. */
export interface BatchStanding {
  readonly status: WorkflowExecutionStatusName;
  readonly progress: BatchProgress | undefined;
  /** Absent while it runs. */
  readonly endedAt?: Date | undefined;
}

/** An orchestrator answers a query within milliseconds, or is busy, or is not there. */
const QUERY_PATIENCE_MS = 5_000;

/** Asks the server and the orchestrator. Throws `unknown` where Temporal has no such batch (any more), ServiceError. */
export async function batchStanding(client: Client, batchId: string): Promise<BatchStanding> {
  const handle = client.workflow.getHandle(batchWorkflowId(batchId));
  try {
    const { status, closeTime } = await client.withDeadline(Date.now() + QUERY_PATIENCE_MS, () =>
      handle.describe(),
    );
    // A workflow that has ended has its result in its history, whether anybody answers or not.
    const progress =
      status.name === 'COMPLETED'
        ? ((await handle.result()) as BatchProgress)
        : await askProgress(client, handle);
    return { status: status.name, progress, endedAt: closeTime };
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new CommandError(
      'unknown',
      `Temporal has no batch ${batchId} (any more): if "certline batch show ${batchId}" says that it is open, recover it with: ${recoverCommand(batchId)}`,
      {
        cause: error,
      },
    );
  }
}

/**
 * The error for a batch that cannot be controlled because it has ended. `so`: what follows from that, with the batch as `it`. Throws
 * as `batchStanding`.
 */
export async function batchNotRunning(client: Client, batchId: string, so: string): Promise<CommandError> {
  const standing = await batchStanding(client, batchId);
  const broken = brokenEnd(batchId, standing);
  if (broken !== undefined) return new CommandError('refused', broken);
  const { status } = standing;
  return new CommandError(
    'refused',
    `Batch ${batchId} has ended (${status.toLowerCase()}), so ${so}: see "certline batch show ${batchId}".`,
  );
}

/** Serials of the units of a batch that wait for a decision, by search attribute. */
export async function unitsThatWait(client: Client, batchId: string): Promise<Set<string>> {
  const query = `WorkflowType="unit" AND ExecutionStatus="Running" AND ProvStatus="${UNIT_STATUS.attention}" AND ProvBatch="${batchId}"`;
  const serials = new Set<string>();
  for await (const { searchAttributes } of client.workflow.list({ query }))
    serials.add(String(searchAttributes['ProvSerial']?.[0]));
  return serials;
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
