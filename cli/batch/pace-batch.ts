import type { MESSAGES } from '../../provisioning/messages.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { decisionInput } from '../decision-options.ts';
import { askWorkflow } from '../line/ask-workflow.ts';
import { withLineClient } from '../line/line-client.ts';
import { printLine } from '../terminal/stdout.ts';
import { batchNotRunning } from './batch-standing.ts';
import { liveRunIds } from './find-run.ts';

export interface PaceOptions {
  readonly reason?: string;
  readonly by?: string;
}

/**
 * `certline batch pause|resume|window`; `units` for the last one. Throws `refused` with the batch's own sentence, `unknown`,
 * `lineNotRunning`.
 */
export async function paceBatch(
  stateFolder: string,
  given: string,
  update: (typeof MESSAGES)['pause' | 'resume' | 'setWindow'],
  { units, ...options }: PaceOptions & { readonly units?: number },
): Promise<void> {
  await withLineClient(stateFolder, async (client) => {
    const argument = { ...(units !== undefined && { units }), ...decisionInput(options) };
    for (const runId of await liveRunIds(stateFolder, given)) {
      const answer = await askWorkflow<string>(client, batchWorkflowId(runId), update, argument);
      if (answer === undefined) throw await batchNotRunning(client, runId);
      printLine(`Batch ${runId}: ${answer}`);
    }
  });
}
