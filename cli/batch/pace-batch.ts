import type { MESSAGES } from '../../provisioning/messages.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { decisionInput } from '../decision-options.ts';
import { askWorkflow } from '../line/ask-workflow.ts';
import { withLineClient } from '../line/line-client.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import type { Invocation } from '../invocation.ts';
import { askRuns } from './ask-runs.ts';
import { batchNotRunning } from './batch-standing.ts';
import { liveRunIds } from './find-run.ts';

export interface PaceOptions {
  readonly reason?: string;
  readonly by?: string;
  readonly json?: boolean;
}

type Pace = (typeof MESSAGES)['pause' | 'resume' | 'setWindow' | 'setPriority'];

/** What cannot be done with a batch that has ended. */
const SO: Readonly<Record<Pace, string>> = {
  pause: 'there is nothing to pause',
  resume: 'there is nothing to resume',
  setWindow: 'no more units of it begin',
  setPriority: 'no more units of it need a board',
};

/**
 * `certline batch pause|resume|window|priority`; `units` and `priority` are for the last two. Throws `refused` with the batch's own sentence, `unknown`,
 * `lineNotRunning`.
 */
export async function paceBatch(
  invocation: Invocation,
  given: string,
  update: Pace,
  {
    units,
    priority,
    json,
    ...options
  }: PaceOptions & { readonly units?: number; readonly priority?: number },
): Promise<void> {
  await withLineClient(invocation.stateFolder, async (client) => {
    const changed = { ...(units !== undefined && { units }), ...(priority !== undefined && { priority }) };
    const argument = { ...changed, ...decisionInput(options) };
    const answers: { readonly batchId: string; readonly says: string }[] = [];
    await askRuns(await liveRunIds(invocation, given), async (runId) => {
      const answer = await askWorkflow<string>(client, batchWorkflowId(runId), update, argument);
      if (answer === undefined) throw await batchNotRunning(client, runId, SO[update]);
      answers.push({ batchId: runId, says: answer });
      if (json !== true) printLine(`Batch ${runId}: ${answer}`);
    });
    if (json === true) printJson(answers);
  });
}
