import { createInterface } from 'node:readline/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { BatchProgress } from '../../provisioning/batch.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { batchNotRunning, batchStanding } from './batch-standing.ts';
import { CommandError } from '../exit-status.ts';
import { withLineClient } from '../line/line-client.ts';
import { renderPlain } from '../line/line-view.ts';
import { liveBatchId } from './find-batch.ts';
import { printLine } from '../terminal/stdout.ts';

/** `certline batch cancel`. Throws `usage` where nobody can be asked, `refused` when the batch has ended or the answer is no. */
export async function cancelBatch(
  stateFolder: string,
  given: string,
  options: { yes?: boolean },
): Promise<void> {
  if (options.yes !== true && !process.stdin.isTTY) {
    throw new CommandError('usage', 'To cancel a batch without a terminal to ask at, add --yes.');
  }
  await withLineClient(stateFolder, async (client) => {
    const batchId = await liveBatchId(stateFolder, given);
    const { status, progress } = await batchStanding(client, batchId);
    if (status !== 'RUNNING') throw await batchNotRunning(client, batchId);
    if (options.yes !== true) await confirm(batchId, progress && countsOf(progress));
    try {
      await client.workflow.getHandle(batchWorkflowId(batchId)).cancel();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw await batchNotRunning(client, batchId);
      throw error;
    }
    printLine(
      `Batch ${batchId} is being cancelled: its units leave their sockets, then its result is written`,
    );
  });
}

function countsOf(progress: BatchProgress): string {
  return renderPlain({ progress, stations: [], elapsedMs: 0, passedHere: 0 });
}

async function confirm(batchId: string, counts: string | undefined): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const standing = counts === undefined ? '' : ` (${counts})`;
    const answer = await terminal.question(
      `Cancel batch ${batchId}${standing}? All units that have not passed end as HOLD; this cannot be undone. [y/N] `,
    );
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    terminal.close();
  }
  throw new CommandError('refused', 'Nothing was cancelled.');
}
