import { getExternalWorkflowHandle, log, setHandler } from '@temporalio/workflow';
import { decidedNow } from '../../provisioning/decision.ts';
import { PRIORITY } from '../../provisioning/priority.ts';
import type { DecisionInput, PriorityInput, WindowInput } from '../../provisioning/messages.ts';
import { chunkWorkflowId } from '../../provisioning/workflow-ids.ts';
import { mustFit, refusal } from '../checked-message.ts';
import { decisionCheck, priorityCheck, windowCheck } from '../message-schemas.ts';
import { pause, resume, setPace, setPriority, setWindow } from '../messages.ts';
import type { BatchDecisions } from './batch-decisions.ts';
import type { BatchWindow } from './batch-window.ts';

const ARGUMENT = '{"reason": "why", "by": "your name"}';
const PRIORITY_ARGUMENT = '{"priority": 1, "reason": "why", "by": "your name"}';
const WINDOW_ARGUMENT = '{"units": 8, "reason": "why", "by": "your name"}';

/** People may pause a batch, resume it, and say how many of its units are under way at once, and before which others. */
export function listenForPace(window: BatchWindow, decisions: BatchDecisions, show: () => void): void {
  const spread = async (): Promise<void> => {
    show();
    await Promise.all(window.openChunks.map((number) => tellPace(number, window)));
  };
  setHandler(pause, (input) => pauseBatch(window, decisions, spread, input), {
    description: `No further unit starts; units under way end. Optional argument: ${ARGUMENT}`,
    validator: (...args: unknown[]): void => {
      mustFit(decisionCheck, ARGUMENT, args);
      const { pause: earlier } = window;
      if (earlier !== undefined)
        throw refusal(
          `the batch is paused already, since ${earlier.decidedAt}, by ${earlier.by ?? 'a person who gave no name'}`,
        );
    },
  });
  setHandler(resume, (input) => resumeBatch(window, decisions, spread, input), {
    description: `Units start again after a pause. Optional argument: ${ARGUMENT}`,
    validator: (...args: unknown[]): void => {
      mustFit(decisionCheck, ARGUMENT, args);
      if (window.pause === undefined && window.brakes.length === 0) throw refusal('the batch is not paused');
    },
  });
  setHandler(setWindow, (input) => widenBatch(window, decisions, spread, input), {
    description: `So many units are under way at once, from now on. Argument: ${WINDOW_ARGUMENT}`,
    validator: (...args: unknown[]): void => {
      const [first = null, ...more] = args;
      mustFit(windowCheck, WINDOW_ARGUMENT, [first, ...more]);
      if ((first as WindowInput).units === window.width)
        throw refusal(`${window.width} units may be under way at once already`);
    },
  });
  setHandler(setPriority, (input) => prefer(window, decisions, spread, input), {
    description: `Units that start from now on get boards before those of batches with a higher number. Argument: ${PRIORITY_ARGUMENT}`,
    validator: (...args: unknown[]): void => {
      const [first = null, ...more] = args;
      mustFit(priorityCheck, PRIORITY_ARGUMENT, [first, ...more]);
      if ((first as PriorityInput).priority === (window.priority ?? PRIORITY.usual))
        throw refusal(`the batch has priority ${window.priority ?? PRIORITY.usual} already`);
    },
  });
}

type Spread = () => Promise<void>;

async function pauseBatch(
  window: BatchWindow,
  decisions: BatchDecisions,
  spread: Spread,
  input: DecisionInput | undefined,
): Promise<string> {
  const decision = decidedNow('pause', input);
  window.setPause(decision);
  decisions.record(decision);
  await spread();
  return 'paused: no further unit starts, units under way end';
}

async function resumeBatch(
  window: BatchWindow,
  decisions: BatchDecisions,
  spread: Spread,
  input: DecisionInput | undefined,
): Promise<string> {
  window.setPause(undefined);
  decisions.record(decidedNow('resume', input));
  await spread();
  return `resumed: ${window.width} units may be under way at once`;
}

async function widenBatch(
  window: BatchWindow,
  decisions: BatchDecisions,
  spread: Spread,
  input: WindowInput,
): Promise<string> {
  const before = window.width;
  window.setWidth(input.units);
  decisions.record(decidedNow('window', input, `${before} to ${input.units} units`));
  await spread();
  return `${input.units} units may be under way at once (before: ${before})${stopOf(window)}`;
}

/** Why no unit starts although the window is wide. */
function stopOf(window: BatchWindow): string {
  if (window.pause !== undefined) return '; the batch is paused';
  return window.brakes.length > 0 ? '; no further unit starts until the batch is resumed' : '';
}

async function prefer(
  window: BatchWindow,
  decisions: BatchDecisions,
  spread: Spread,
  { priority, ...input }: PriorityInput,
): Promise<string> {
  const before = window.priority ?? PRIORITY.usual;
  window.setPriority(priority);
  decisions.record(decidedNow('priority', input, String(priority)));
  await spread();
  return `units that start from now on have priority ${priority} (before: ${before}); units that wait for a board keep theirs`;
}

/** A chunk that is just being started learns the pace once it has started, and one that is closed does not need it. */
export async function tellPace(chunk: number, { pace, runId }: BatchWindow): Promise<void> {
  if (pace === undefined) return;
  try {
    await getExternalWorkflowHandle(chunkWorkflowId(runId, chunk)).signal(setPace, pace);
  } catch {
    log.info('a chunk that does not run gets no pace', { chunk });
  }
}
