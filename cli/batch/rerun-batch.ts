import type { Client } from '@temporalio/client';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import type { RerunResult } from '../../provisioning/messages.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { askWorkflow } from '../line/ask-workflow.ts';
import { batchNotRunning } from './batch-standing.ts';
import { decisionInput } from '../decision-options.ts';
import { withLineClient } from '../line/line-client.ts';
import { liveRunIds } from './find-run.ts';
import { reasonOf } from '../report-failure.ts';
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
    const runIds = await liveRunIds(stateFolder, given);
    const named = { ...(code && { codes: code }), ...(serial && { serials: serial }) };
    const filter = { ...named, ...decisionInput(decided) };
    const { units, runId } = await rerunAll(client, runIds, filter);
    const of = serial === undefined ? '' : ` of the ${new Set(serial).size} named`;
    const who = units === 1 ? `1 unit${of} tries` : `${units} units${of} try`;
    printLine(`${who} again: certline batch watch ${runId}`);
  });
}

/** Asks each run; one that has nothing to try again is no failure where another has. Returns the last that had. */
async function rerunAll(
  client: Client,
  runIds: readonly string[],
  filter: object,
): Promise<RerunResult & { readonly runId: string }> {
  let done: (RerunResult & { readonly runId: string }) | undefined;
  let refusal: unknown;
  for (const runId of runIds) {
    try {
      const result = await askWorkflow<RerunResult>(
        client,
        batchWorkflowId(runId),
        MESSAGES.rerunFailed,
        filter,
      );
      if (result === undefined) throw await batchNotRunning(client, runId);
      done = { runId, units: (done?.units ?? 0) + result.units };
    } catch (error) {
      if (reasonOf(error) !== 'refused') throw error;
      refusal ??= error;
    }
  }
  if (done === undefined) throw refusal;
  return done;
}
