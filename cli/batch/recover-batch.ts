import type { BatchRecord } from '../../registry/registry.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { decisionNow } from '../decision-options.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { withLineClient } from '../line/line-client.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { printLine } from '../terminal/stdout.ts';
import { findRuns } from './find-run.ts';
import type { BatchRun } from './find-run.ts';
import { isRunning, restartRun, runs, underWay } from './restart-run.ts';

const WHAT = 'recover a batch';

export interface RecoverOptions {
  readonly reason: string;
  readonly by?: string;
  readonly yes?: boolean;
}

/**
 * `certline batch recover`: the first run of the batch that is open and does not run. Throws `refused` when the batch needs no
 * recovery or the answer is no, `usage` where nobody can be asked, `unknown`, `lineNotRunning`.
 */
export async function recoverBatch(
  { stateFolder, config }: Invocation,
  given: string,
  options: RecoverOptions,
): Promise<void> {
  mustBeConfirmable(WHAT, options);
  await withRegistry(stateFolder, async (registry) => {
    const found = await findRuns(registry, given);
    const { batch } = found[0]!;
    if (batch.startedAt === undefined) throw notBegun(batch);
    await withLineClient(stateFolder, async (client) => {
      const ended: BatchRun[] = [];
      for (const run of found) if (!(await isRunning(client, batchWorkflowId(run.runId)))) ended.push(run);
      const [run] = ended;
      if (run === undefined) throw runs(batch.batchId);
      const others = await underWay(client, registry, run);
      const mode = others > 0 ? 'continue' : 'close';
      await confirm(WHAT, questionOf(run, others), options);
      const decision = decisionNow('recover', options, mode);
      await restartRun(client, run, config.unitsInFlight, { mode, decision });
      const how = mode === 'continue' ? 'continues' : 'is being closed';
      printLine(`Batch ${run.runId} ${how}: certline batch watch ${run.runId}`);
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
