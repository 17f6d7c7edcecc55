import { getExternalWorkflowHandle, log, setHandler } from '@temporalio/workflow';
import { decidedNow } from '../../provisioning/decision.ts';
import type { CloseInput } from '../../provisioning/messages.ts';
import { chunkWorkflowId } from '../../provisioning/workflow-ids.ts';
import { mustFit, refusal } from '../checked-message.ts';
import { closeCheck } from '../message-schemas.ts';
import { close, closeUnits } from '../messages.ts';
import type { BatchDecisions } from './batch-decisions.ts';
import type { BatchWindow } from './batch-window.ts';

const ARGUMENT = '{"as": "short", "reason": "why", "by": "your name"}';

/** People may close a batch short or over: what has not begun or waits ends as HOLD, what is under way finishes normally. */
export function listenForClose(window: BatchWindow, decisions: BatchDecisions, show: () => void): void {
  setHandler(close, (input) => closeRun(window, decisions, show, input), {
    description: `No further unit starts, units that wait end as HOLD, units under way end. Argument: ${ARGUMENT}`,
    validator: (...args: unknown[]): void => {
      const [first = null, ...more] = args;
      mustFit(closeCheck, ARGUMENT, [first, ...more]);
      const { closing } = window;
      if (closing !== undefined)
        throw refusal(
          `the batch is being closed already, since ${closing.decidedAt}, by ${closing.by ?? 'a person who gave no name'}`,
        );
    },
  });
}

async function closeRun(
  window: BatchWindow,
  decisions: BatchDecisions,
  show: () => void,
  { as, ...input }: CloseInput,
): Promise<string> {
  const decision = decidedNow('close', input, as);
  window.close(decision);
  decisions.record(decision);
  show();
  await Promise.all(window.openChunks.map((number) => tellClose(number, window)));
  return `is being closed ${as}: units that have not begun or wait end as HOLD, units under way finish normally`;
}

/** A chunk that is just being started learns it once it has started, and one that is closed does not need it. */
export async function tellClose(chunk: number, { closing, runId }: BatchWindow): Promise<void> {
  if (closing === undefined) return;
  const { reason, by } = closing;
  try {
    await getExternalWorkflowHandle(chunkWorkflowId(runId, chunk)).signal(closeUnits, {
      ...(reason !== undefined && { reason }),
      ...(by !== undefined && { by }),
    });
  } catch {
    log.info('a chunk that does not run is not closed', { chunk });
  }
}
