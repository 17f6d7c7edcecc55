import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { decisionNow } from '../decision-options.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { withLineClient } from '../line/line-client.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { tell } from '../terminal/stdout.ts';
import { cancelRun } from './cancel-batch.ts';
import { mustBeWhole } from './find-batch.ts';
import { findRuns } from './find-run.ts';
import type { BatchRun } from './find-run.ts';
import { isRunning, restartRun, workUnderWay } from './restart-run.ts';

const WHAT = 'withdraw a batch';

/**
 * `certline batch withdraw`: ends what is open of a batch, and frees the serials and boards that were never begun. Throws
 * `refused` when units of a run that was terminated are under way or the answer is no, `usage` where nobody can be asked.
 */
export async function withdrawBatch(
  invocation: Invocation,
  given: string,
  options: { readonly reason: string; readonly by: string; readonly yes?: boolean; readonly json?: boolean },
): Promise<void> {
  const { stateFolder, config } = invocation;
  mustBeConfirmable(WHAT, options);
  await withRegistry(invocation, async (registry) => {
    const found = await findRuns(registry, given);
    const { batchId } = found[0]!.batch;
    mustBeWhole(given, batchId, options);
    await withLineClient(stateFolder, async (client) => {
      const running: BatchRun[] = [];
      for (const run of found) {
        if (await isRunning(client, batchWorkflowId(run.runId))) running.push(run);
        else if ((await workUnderWay(client, registry, run)).length > 0) throw mustRecover(run);
      }
      await confirm(WHAT, questionOf(batchId, running.length > 0), options);
      for (const { runId } of running) await cancelRun(client, runId, { ...options, withdraw: true });
      const recovery = { mode: 'close', decision: decisionNow('withdraw', options) } as const;
      for (const ended of found.filter((run) => !running.includes(run)))
        await restartRun(client, ended, { window: config.unitsInFlight }, recovery);
      tell(
        options.json,
        { batchId, state: 'withdrawing' },
        `Batch ${batchId} is being withdrawn: serials and boards that were never begun are free when "certline batch show ${batchId}" says that it is closed`,
      );
    });
  });
}

function questionOf(batchId: string, isOpen: boolean): string {
  const ends = isOpen ? ' All units that have not passed end as HOLD.' : '';
  return `Withdraw batch ${batchId}?${ends} Serials and boards that were never begun are free for another manifest.`;
}

function mustRecover({ runId }: BatchRun): CommandError {
  return new CommandError(
    'refused',
    `Batch ${runId} was ended in Temporal, and units of it are under way: first run certline batch recover ${runId} --reason "why" --by "your name"`,
  );
}
