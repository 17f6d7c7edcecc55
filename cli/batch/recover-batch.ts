import type { BatchRecord } from '../../registry/registry.ts';
import { priorityNow } from '../../provisioning/priority.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { decisionNow } from '../decision-options.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { withLineClient } from '../line/line-client.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { mustBeWhole } from './find-batch.ts';
import { findRuns } from './find-run.ts';
import type { BatchRun } from './find-run.ts';
import { isRunning, restartRun, runs, underWay } from './restart-run.ts';

const WHAT = 'recover a batch';

export interface RecoverOptions {
  readonly reason: string;
  readonly by?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/**
 * `certline batch recover`: each run of the batch that is open and does not run. Throws `refused` when the batch needs no
 * recovery or the answer is no, `usage` where nobody can be asked, `unknown`, `lineNotRunning`.
 */
export async function recoverBatch(
  invocation: Invocation,
  given: string,
  options: RecoverOptions,
): Promise<void> {
  const { stateFolder, config } = invocation;
  mustBeConfirmable(WHAT, options);
  await withRegistry(invocation, async (registry) => {
    const found = await findRuns(registry, given);
    const { batch } = found[0]!;
    mustBeWhole(given, batch.batchId, options);
    if (batch.startedAt === undefined) throw notBegun(batch);
    await withLineClient(stateFolder, async (client) => {
      const ended: BatchRun[] = [];
      for (const run of found) if (!(await isRunning(client, batchWorkflowId(run.runId)))) ended.push(run);
      if (ended.length === 0) throw runs(batch.batchId);
      const recovered: { readonly batchId: string; readonly mode: 'continue' | 'close' }[] = [];
      for (const run of ended) {
        const others = await underWay(client, registry, run);
        const mode = others > 0 ? 'continue' : 'close';
        await confirm(WHAT, questionOf(run, others), options);
        const decision = decisionNow('recover', options, mode);
        const priority = priorityNow(batch, await registry.batchDecisions(batch.batchId));
        await restartRun(client, run, { window: config.unitsInFlight, priority }, { mode, decision });
        recovered.push({ batchId: run.runId, mode });
        const how = mode === 'continue' ? 'continues' : 'is being closed';
        if (options.json !== true) printLine(`Batch ${run.runId} ${how}: certline batch watch ${run.runId}`);
      }
      if (options.json === true) printJson(recovered);
    });
  });
}

function questionOf({ batch: { state }, runId }: BatchRun, others: number): string {
  if (others > 0)
    return `Continue batch ${runId}? ${others} of its chunks and units are under way; units that have not begun will begin.`;
  return state === 'closed'
    ? `Settle the certificates of batch ${runId} again?`
    : `Close batch ${runId}? Nothing of it is under way: its units that have not ended end as HOLD, or as ERROR if they have a certificate.`;
}

function notBegun({ batchId }: BatchRecord): CommandError {
  return new CommandError('refused', `Batch ${batchId} has not begun: it begins when the line starts.`);
}
