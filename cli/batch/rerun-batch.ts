import type { Client } from '@temporalio/client';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import type { RerunResult } from '../../provisioning/messages.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { askWorkflow } from '../line/ask-workflow.ts';
import { askRuns } from './ask-runs.ts';
import { batchNotRunning } from './batch-standing.ts';
import { decisionInput } from '../decision-options.ts';
import { withLineClient } from '../line/line-client.ts';
import { liveRunIds } from './find-run.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import type { Invocation } from '../invocation.ts';

export interface RerunOptions {
  readonly code?: readonly FailureCode[];
  readonly serial?: readonly string[];
  readonly reason?: string;
  readonly by?: string;
  readonly json?: boolean;
}

const ENDED =
  'none of its units waits for a decision; units that ended without a pass run again with "certline batch rerun --ended"';

/** `certline batch rerun`. Throws `refused` when no unit of the batch, or none that is named, waits. */
export async function rerunBatch(
  invocation: Invocation,
  given: string,
  { code, serial, json, ...decided }: RerunOptions,
): Promise<void> {
  await withLineClient(invocation.stateFolder, async (client) => {
    const runIds = await liveRunIds(invocation, given);
    const named = { ...(code && { codes: code }), ...(serial && { serials: serial }) };
    const filter = { ...named, ...decisionInput(decided) };
    const { units, runId } = await rerunAll(client, runIds, filter);
    if (json === true) return printJson({ batchId: runId, units });
    const of = serial === undefined ? '' : ` of the ${new Set(serial).size} named`;
    const who = units === 1 ? `1 unit${of} tries` : `${units} units${of} try`;
    printLine(`${who} again: certline batch watch ${runId}`);
  });
}

/** How many units try again, in all runs, and the last run that has any of them. */
async function rerunAll(
  client: Client,
  runIds: readonly string[],
  filter: object,
): Promise<RerunResult & { readonly runId: string }> {
  let done = { runId: '', units: 0 };
  await askRuns(runIds, async (runId) => {
    const id = batchWorkflowId(runId);
    const result = await askWorkflow<RerunResult>(client, id, MESSAGES.rerunFailed, filter);
    if (result === undefined) throw await batchNotRunning(client, runId, ENDED);
    done = { runId, units: done.units + result.units };
  });
  return done;
}
