import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import type { Registry } from '../../registry/registry.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { decisionInput, decisionNow } from '../decision-options.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { askWorkflow } from '../line/ask-workflow.ts';
import { withLineClient } from '../line/line-client.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { printJson, printLine, tell } from '../terminal/stdout.ts';
import { askRuns } from './ask-runs.ts';
import { batchNotRunning } from './batch-standing.ts';
import { mustBeWhole } from './find-batch.ts';
import { findRuns } from './find-run.ts';
import { restartRun } from './restart-run.ts';

const WHAT = 'close a batch';

export interface CloseOptions {
  readonly short?: boolean;
  readonly over?: boolean;
  readonly reason: string;
  readonly by: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/**
 * `certline batch close`: ends what is open of a batch, as a person decides. A batch that has ended gets the decision on its
 * record. Throws `refused` where the batch is neither short nor over or was ended in Temporal, `usage` without one of the two.
 */
export async function closeBatch(
  invocation: Invocation,
  given: string,
  { short = false, over = false, ...options }: CloseOptions,
): Promise<void> {
  const { stateFolder, config } = invocation;
  if (short === over) throw new CommandError('usage', 'Say either --short or --over.');
  mustBeConfirmable(WHAT, options);
  await withRegistry(invocation, async (registry) => {
    const runs = await findRuns(registry, given);
    const { batch } = runs[0]!;
    const { batchId } = batch;
    mustBeWhole(given, batchId, options);
    const as = over ? 'over' : 'short';
    const about = over ? await overIn(registry, batchId) : await shortIn(registry, batchId);
    await confirm(
      WHAT,
      `Close batch ${batchId} ${as} (${about})? Units that have not passed end as HOLD.`,
      options,
    );
    await withLineClient(stateFolder, async (client) => {
      if ((await registry.batchSummary(batchId)).batch.state === 'closed') {
        const decision = decisionNow('close', options, `${as}: ${about}`);
        await restartRun(client, runs[0]!, { window: config.unitsInFlight }, { mode: 'close', decision });
        tell(
          options.json,
          [{ batchId, as, about, state: 'closed' }],
          `Batch ${batchId} has ended: that it is closed ${as} is recorded (${about})`,
        );
        return;
      }
      const runIds = runs.map(({ runId }) => runId);
      const closed: object[] = [];
      await askRuns(runIds, async (runId) => {
        const argument = { as, ...decisionInput(options) };
        const answer = await askWorkflow<string>(client, batchWorkflowId(runId), MESSAGES.close, argument);
        if (answer === undefined) throw await batchNotRunning(client, runId, 'there is nothing to close');
        closed.push({ batchId: runId, as, about, state: 'closing' });
        if (options.json !== true) printLine(`Batch ${runId} ${answer} (${about})`);
      });
      if (options.json === true) printJson(closed);
    });
  });
}

async function shortIn(registry: Registry, batchId: string): Promise<string> {
  const { passed, batch } = await registry.batchSummary(batchId);
  if (passed < batch.quantity) return `${passed} of ${batch.quantity} units passed`;
  throw new CommandError(
    'refused',
    `Batch ${batchId} is not short: all of its ${batch.quantity} units passed.`,
  );
}

async function overIn(registry: Registry, batchId: string): Promise<string> {
  const { batch } = await registry.batchSummary(batchId);
  const boards = await registry.certifiedBoards(batchId);
  if (boards > batch.quantity) return `${boards} boards for ${batch.quantity} units`;
  const message = `Batch ${batchId} is not over: ${boards} boards got a certificate for its ${batch.quantity} units.`;
  throw new CommandError('refused', message);
}
