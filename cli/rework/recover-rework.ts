import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { ReworkInput } from '../../provisioning/rework.ts';
import { WORKFLOW_QUEUE } from '../../provisioning/task-queues.ts';
import { reworkWorkflowId } from '../../provisioning/workflow-ids.ts';
import type { ReworkRecord } from '../../registry/registry.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { decisionNow } from '../decision-options.ts';
import { CommandError } from '../exit-status.ts';
import { withLineClient } from '../line/line-client.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { tell } from '../terminal/stdout.ts';
import type { Invocation } from '../invocation.ts';
import { findRework } from './find-rework.ts';
import { signedRework } from './start-rework.ts';

const WHAT = 'recover a rework';

/**
 * `certline rework recover`: ends what is open of a rework whose workflow was terminated, and writes the results of its batches
 * again. Throws `refused` when it runs or never began, or the answer is no, `usage` where nobody can be asked, `unknown`.
 */
export async function recoverRework(
  invocation: Invocation,
  given: string,
  options: { readonly reason: string; readonly by: string; readonly yes?: boolean; readonly json?: boolean },
): Promise<void> {
  mustBeConfirmable(WHAT, options);
  const rework = await withRegistry(invocation, async (registry) => await findRework(registry, given));
  const { reworkId, refusal } = rework;
  if (refusal !== undefined)
    throw new CommandError('refused', `Rework ${reworkId} was refused: nothing of it was done.`);
  await confirm(WHAT, questionOf(rework), options);
  const { kind, reason, by, order, units } = rework;
  const serials = units.map(({ serial }) => serial);
  const asked = { reworkId, kind, reason, by, serials, ...(order !== undefined && { order }) };
  const recovery = decisionNow('recover', options, `rework ${reworkId}`);
  const input = { ...signedRework(invocation.stateFolder, asked), recovery };
  await withLineClient(invocation.stateFolder, async (client) => await startAgain(client, input));
  tell(
    options.json,
    { reworkId, state: 'closing' },
    `Rework ${reworkId} is being closed: certline rework show ${reworkId}`,
  );
}

function questionOf({ reworkId, units }: ReworkRecord): string {
  const open = units.filter(({ result }) => result === undefined).length;
  return `Close rework ${reworkId}? ${open} of its units have not ended: they keep their certificates, or end as ERROR if their boards may have been wiped.`;
}

async function startAgain(client: Client, input: ReworkInput): Promise<void> {
  const { reworkId, kind } = input;
  try {
    await client.workflow.start('rework', {
      workflowId: reworkWorkflowId(reworkId),
      taskQueue: WORKFLOW_QUEUE,
      args: [input],
      staticSummary: `${kind}, recovered`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const message = `Rework ${reworkId} runs: there is nothing to recover, see "certline rework show ${reworkId}".`;
    throw new CommandError('refused', message, { cause: error });
  }
}
