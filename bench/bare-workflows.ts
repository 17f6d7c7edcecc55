import { condition, executeChild, proxyActivities } from '@temporalio/workflow';
import { STEPS } from '../provisioning/step.ts';
import type { Step } from '../provisioning/step.ts';

const steps = proxyActivities<Record<Step, () => Promise<void>>>({ startToCloseTimeout: '1 minute' });

/** A unit that does nothing: five empty activities, one after the other. */
export async function bareUnit(): Promise<void> {
  for (const step of STEPS) await steps[step]();
}

/** As many of them as asked for, a window of them at a time, as a chunk does it. */
export async function bareChunk(input: { run: string; units: number; window: number }): Promise<void> {
  let underWay = 0;
  const running: Promise<void>[] = [];
  for (let unit = 0; unit < input.units; unit++) {
    await condition(() => underWay < input.window);
    underWay++;
    const child = async (): Promise<void> => {
      await executeChild(bareUnit, { workflowId: `bare/${input.run}/${unit}` });
      underWay--;
    };
    running.push(child());
  }
  await Promise.all(running);
}
