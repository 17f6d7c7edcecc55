import type { Ending } from '../../provisioning/batch.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { BatchRecord } from '../../registry/registry.ts';
import { priorityNow } from '../../provisioning/priority.ts';
import { batchWorkflowId, chunkNumberOf } from '../../provisioning/workflow-ids.ts';
import type { RunningWork } from '../../registry/work-of-run.ts';
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
import { isRunning, restartRun, runs, workUnderWay } from './restart-run.ts';

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
      const stopped: BatchRun[] = [];
      for (const run of found) if (!(await isRunning(client, batchWorkflowId(run.runId)))) stopped.push(run);
      if (stopped.length === 0) throw runs(batch.batchId);
      const recovered: { readonly batchId: string; readonly mode: 'continue' | 'close' }[] = [];
      for (const run of stopped) {
        const underWay = await workUnderWay(client, registry, run);
        const mode = underWay.length > 0 ? 'continue' : 'close';
        const decisions = await registry.batchDecisions(batch.batchId);
        const ending = endingOf(run, decisions, underWay);
        await confirm(WHAT, questionOf(run, underWay.length, ending), options);
        const decision = decisionNow('recover', options, mode);
        const pace = { window: config.unitsInFlight, priority: priorityNow(batch, decisions) };
        await restartRun(client, run, pace, { mode, decision, ...(ending && { ending }) });
        recovered.push({ batchId: run.runId, mode });
        const how = mode === 'continue' ? continuesHow(ending) : 'is being closed';
        if (options.json !== true) printLine(`Batch ${run.runId} ${how}: certline batch watch ${run.runId}`);
      }
      if (options.json === true) printJson(recovered);
    });
  });
}

const ENDINGS = ['close', 'cancel', 'withdraw'] as const;

/** How the run was being ended when its workflow was terminated: it is ended in that way then, and begins nothing. */
function endingOf(
  { batch, supplement }: BatchRun,
  decisions: readonly Decision[],
  underWay: readonly RunningWork[],
): Ending | undefined {
  if (batch.state === 'closed') return undefined;
  const last = decisions
    .filter((each) => each.supplement === supplement)
    .flatMap((each) =>
      ENDINGS.filter((verdict) => verdict === each.verdict).map((verdict) => ({ ...each, verdict })),
    )
    .at(-1);
  return (
    last && { decision: last, chunks: underWay.flatMap(({ workflowId }) => chunkNumberOf(workflowId) ?? []) }
  );
}

function continuesHow(ending: Ending | undefined): string {
  return ending === undefined ? 'continues' : 'continues to end';
}

function questionOf(
  { batch: { state }, runId }: BatchRun,
  others: number,
  ending: Ending | undefined,
): string {
  if (others > 0 && ending !== undefined) {
    const { verdict, by = 'a person who gave no name', decidedAt } = ending.decision;
    return `Continue to end batch ${runId}, as ${by} decided at ${decidedAt} (${verdict})? ${others} of its chunks and units are under way; units that have not begun end as HOLD.`;
  }
  if (others > 0)
    return `Continue batch ${runId}? ${others} of its chunks and units are under way; units that have not begun will begin.`;
  return state === 'closed'
    ? `Settle the certificates of batch ${runId} again?`
    : `Close batch ${runId}? Nothing of it is under way: its units that have not ended end as HOLD, or as ERROR if they have a certificate.`;
}

function notBegun({ batchId }: BatchRecord): CommandError {
  return new CommandError('refused', `Batch ${batchId} has not begun: it begins when the line starts.`);
}
