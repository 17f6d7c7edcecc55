import { WorkflowNotFoundError } from '@temporalio/client';
import type { BatchProgress } from '../../provisioning/batch.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { batchNotRunning, batchStanding } from './batch-standing.ts';
import { decisionInput } from '../decision-options.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { withLineClient } from '../line/line-client.ts';
import { renderPlain } from '../line/line-view.ts';
import { liveBatchId } from './find-batch.ts';
import { printLine } from '../terminal/stdout.ts';

const WHAT = 'cancel a batch';

/**
 * `certline batch cancel`. Throws `usage` where nobody can be asked, `refused` when the batch has ended or the answer
 * is no.
 */
export async function cancelBatch(
  stateFolder: string,
  given: string,
  options: { yes?: boolean; reason?: string; by?: string },
): Promise<void> {
  mustBeConfirmable(WHAT, options);
  await withLineClient(stateFolder, async (client) => {
    const batchId = await liveBatchId(stateFolder, given);
    const { status, progress } = await batchStanding(client, batchId);
    if (status !== 'RUNNING') throw await batchNotRunning(client, batchId);
    await confirm(WHAT, questionOf(batchId, progress), options);
    try {
      const handle = client.workflow.getHandle(batchWorkflowId(batchId));
      await handle.signal(MESSAGES.announceCancel, decisionInput(options));
      await handle.cancel();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw await batchNotRunning(client, batchId);
      throw error;
    }
    printLine(
      `Batch ${batchId} is being cancelled: its units leave their sockets, then its result is written`,
    );
  });
}

function questionOf(batchId: string, progress: BatchProgress | undefined): string {
  const counts =
    progress === undefined
      ? ''
      : ` (${renderPlain({ progress, stations: [], elapsedMs: 0, passedHere: 0 })})`;
  return `Cancel batch ${batchId}${counts}? All units that have not passed end as HOLD; this cannot be undone.`;
}
