import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { BatchProgress } from '../../provisioning/batch.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { batchNotRunning, batchStanding } from './batch-standing.ts';
import { decisionInput } from '../decision-options.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { withLineClient } from '../line/line-client.ts';
import { renderPlain } from '../line/line-view.ts';
import { mustBeWhole } from './find-batch.ts';
import { liveRunIds } from './find-run.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import type { Invocation } from '../invocation.ts';

const WHAT = 'cancel a batch';

/**
 * `certline batch cancel`. Throws `usage` where nobody can be asked, `refused` when the batch has ended or the answer
 * is no.
 */
export async function cancelBatch(
  invocation: Invocation,
  given: string,
  { json, ...options }: { yes?: boolean; reason?: string; by?: string; json?: boolean },
): Promise<void> {
  mustBeConfirmable(WHAT, options);
  const runIds = await liveRunIds(invocation, given);
  for (const runId of runIds) mustBeWhole(given, runId, options);
  await withLineClient(invocation.stateFolder, async (client) => {
    for (const runId of runIds) {
      const { status, progress } = await batchStanding(client, runId);
      if (status !== 'RUNNING') throw await batchNotRunning(client, runId, 'there is nothing to cancel');
      await confirm(WHAT, questionOf(runId, progress), options);
      await cancelRun(client, runId, options);
      if (json !== true)
        printLine(
          `Batch ${runId} is being cancelled: its units leave their sockets, then its result is written`,
        );
    }
    if (json === true) printJson(runIds.map((batchId) => ({ batchId, state: 'cancelling' })));
  });
}

/** Cancels a run of a batch, with the decision recorded; `withdraw`: as an import that was wrong. */
export async function cancelRun(
  client: Client,
  runId: string,
  { withdraw, ...options }: { reason?: string; by?: string; withdraw?: true },
): Promise<void> {
  try {
    const handle = client.workflow.getHandle(batchWorkflowId(runId));
    await handle.signal(MESSAGES.announceCancel, {
      ...decisionInput(options),
      ...(withdraw && { withdraw }),
    });
    await handle.cancel();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      throw await batchNotRunning(client, runId, 'there is nothing to cancel');
    throw error;
  }
}

function questionOf(batchId: string, progress: BatchProgress | undefined): string {
  const counts =
    progress === undefined
      ? ''
      : ` (${renderPlain({ progress, stations: [], elapsedMs: 0, passedHere: 0 })})`;
  return `Cancel batch ${batchId}${counts}? All units that have not passed end as HOLD. Serials and boards that were never begun are free for another manifest.`;
}
