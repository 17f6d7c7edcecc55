import { getExternalWorkflowHandle, isCancellation, sleep } from '@temporalio/workflow';
import { LOOK_PAUSE_MS } from '../provisioning/timeouts.ts';
import { unitWorkflowId } from '../provisioning/workflow-ids.ts';
import { reportAgain } from './messages.ts';

/** Waits for the end of a unit that is no child of this run: a signal shows whether it runs, and makes it say if it waits. */
export async function untilUnitEnded(serial: string): Promise<void> {
  const { first, longest } = LOOK_PAUSE_MS;
  for (let pause: number = first; await isRunning(serial); pause = Math.min(2 * pause, longest))
    await sleep(pause);
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
