import { CancellationScope, getExternalWorkflowHandle, isCancellation, sleep } from '@temporalio/workflow';
import { LOOK_PAUSE_MS } from '../provisioning/timeouts.ts';
import { unitWorkflowId } from '../provisioning/workflow-ids.ts';
import { reportAgain } from './messages.ts';

/** Waits for the end of a unit that is no child of this run: a signal shows whether it runs, and makes it say if it waits. */
export async function untilUnitEnded(serial: string): Promise<void> {
  const { first, longest } = LOOK_PAUSE_MS;
  for (let pause: number = first; await isRunning(serial); pause = Math.min(2 * pause, longest))
    await sleep(pause);
}

/** The same; a cancellation is passed on to the unit. True where that happened. */
export async function untilUnitEndedOrCancelled(serial: string): Promise<boolean> {
  try {
    await untilUnitEnded(serial);
    return false;
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(() => cancelUnit(serial));
    return true;
  }
}

/** Asks for the end of a unit's workflow, and waits for it. */
export async function cancelUnit(serial: string): Promise<void> {
  // It may just have ended.
  await getExternalWorkflowHandle(unitWorkflowId(serial))
    .cancel()
    .catch(() => undefined);
  await untilUnitEnded(serial);
}

async function isRunning(serial: string): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(unitWorkflowId(serial)).signal(reportAgain);
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return false;
  }
}
