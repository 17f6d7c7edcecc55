import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { afterEach, describe, expect, it } from 'vitest';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import { until } from '../../support/until.ts';
import { PRODUCT, startRig } from '../rig.ts';
import type { Rig, ScriptedActivities } from '../rig.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const OPTIONS = { workflowId: 'unit/CL-1', taskQueue: WORKFLOW_QUEUE };
// No station offers such a board: only what closes the unit ends it.
const INPUT = { batchId: 'B', order: 'O', unit: { serial: 'CL-1', product: 'of-no-socket' } };
const CLOSE = { reason: 'enough', by: 'A. Berg' };

async function start(script: Partial<ScriptedActivities>): Promise<WorkflowHandle> {
  rig = await startRig(script);
  return await rig.client.workflow.start('unit', { ...OPTIONS, args: [INPUT] });
}

async function endOf(handle: WorkflowHandle): Promise<unknown> {
  const error: unknown = await handle.result().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return ((error as WorkflowFailedError).cause as ApplicationFailure).details![0];
}

describe('a unit whose batch is closed before it claims a board', { timeout: 60_000 }, () => {
  it('waits for none once the signer has permitted its attempt', async () => {
    let permit: () => void = () => undefined;
    const signerIsBack = new Promise<void>((resolve) => (permit = resolve));
    const handle = await start({
      permitAttempt: async ({ unit: { attempt } }) => {
        await signerIsBack;
        return { attempt, permit: { signature: 'p' } };
      },
    });
    await until('the signer is asked', () => rig!.called('permitAttempt') === 1);
    await handle.signal('closeUnits', CLOSE);
    permit();
    expect(await endOf(handle)).toMatchObject({ outcome: 'HOLD', code: 'CLOSED_SHORT' });
    expect(rig!.calls.findLast(({ name }) => name === 'recordFailure')!.input).toMatchObject({
      outcome: 'HOLD',
      decision: { verdict: 'close', ...CLOSE },
    });
  });

  it('waits for none where it was closed before its first step', async () => {
    rig = await startRig();
    const handle = await rig.client.workflow.signalWithStart('unit', {
      ...OPTIONS,
      args: [{ ...INPUT, permit: { signature: 'p' } }],
      signal: 'closeUnits',
      signalArgs: [CLOSE],
    });
    expect(await endOf(handle)).toMatchObject({ outcome: 'HOLD', code: 'CLOSED_SHORT' });
  });

  it('takes no board that is there', async () => {
    rig = await startRig();
    const handle = await rig.client.workflow.signalWithStart('unit', {
      ...OPTIONS,
      args: [{ ...INPUT, unit: { serial: 'CL-1', product: PRODUCT }, permit: { signature: 'p' } }],
      signal: 'closeUnits',
      signalArgs: [CLOSE],
    });
    expect(await endOf(handle)).toMatchObject({ outcome: 'HOLD', code: 'CLOSED_SHORT' });
    expect(rig.called('generateKeypair')).toBe(0);
  });
});
