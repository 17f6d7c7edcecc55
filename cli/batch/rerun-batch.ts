import type { FailureCode } from '../../provisioning/failure-table.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import type { RerunResult } from '../../provisioning/messages.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { askWorkflow } from '../line/ask-workflow.ts';
import { batchNotRunning } from './batch-standing.ts';
import { decisionInput } from '../decision-options.ts';
import { withLineClient } from '../line/line-client.ts';
import { liveBatchId } from './find-batch.ts';
import { printLine } from '../terminal/stdout.ts';

export interface RerunOptions {
  readonly code?: readonly FailureCode[];
  readonly serial?: readonly string[];
  readonly reason?: string;
  readonly by?: string;
}

/** `certline batch rerun`. Throws `refused` when no unit of the batch, or none that is named, waits. */
export async function rerunBatch(
  stateFolder: string,
  given: string,
  { code, serial, ...decided }: RerunOptions,
): Promise<void> {
  await withLineClient(stateFolder, async (client) => {
    const batchId = await liveBatchId(stateFolder, given);
    const named = { ...(code && { codes: code }), ...(serial && { serials: serial }) };
    const result = await askWorkflow<RerunResult>(client, batchWorkflowId(batchId), MESSAGES.rerunFailed, {
      ...named,
      ...decisionInput(decided),
    });
    if (result === undefined) throw await batchNotRunning(client, batchId);
    const of = serial === undefined ? '' : ` of the ${new Set(serial).size} named`;
    const who = result.units === 1 ? `1 unit${of} tries` : `${result.units} units${of} try`;
    printLine(`${who} again: certline batch watch ${batchId}`);
  });
}
