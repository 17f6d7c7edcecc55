import { afterEach, describe, expect, it } from 'vitest';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import type { BatchInput, BatchProgress } from '../../../provisioning/batch.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import { currentDetails } from '../../support/current-details.ts';
import { failure, PRODUCT, startRig } from '../rig.ts';
import type { Rig, ScriptedActivities } from '../rig.ts';
import { until } from '../../support/until.ts';

const UNITS = 30;
const WINDOW = 6;

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const input: BatchInput = {
  batchId: 'B',
  order: 'PO-1',
  manifest: 'lot.csv',
  manifestSha256: 'ab'.repeat(32),
  quantity: UNITS,
  window: WINDOW,
};

async function startBatch(script: Partial<ScriptedActivities>): Promise<WorkflowHandle> {
  const rows = Array.from({ length: UNITS }, (_, index) => ({ serial: `CL-${index + 1}`, product: PRODUCT }));
  rig = await startRig({ loadChunk: async () => rows, ...script });
  const options = { workflowId: 'batch/B', taskQueue: WORKFLOW_QUEUE, args: [input] };
  return await rig.client.workflow.start('batch', options);
}

const progressOf = (handle: WorkflowHandle) => handle.query<BatchProgress>('progress');

/** Waits until nothing moves any more. */
async function braked(handle: WorkflowHandle, code: string): Promise<BatchProgress> {
  return await until('it starts no further unit', async () => {
    const progress = await progressOf(handle);
    const isIdle = progress.started === progress.attention.length + progress.passed;
    return isIdle && progress.trouble?.some((trouble) => trouble.code === code) ? progress : undefined;
  });
}

describe('a batch whose units fail one after the other', () => {
  it('starts no further unit, says why and how to continue, and continues when the units are tried again', async () => {
    let isClosed = true;
    const handle = await startBatch({
      flashCredentials: async () => {
        if (isClosed) throw failure('PROFILE_INVALID');
      },
    });
    const { started, trouble } = await braked(handle, 'PROFILE_INVALID');
    // Those that fail, and at most as many as were under way with them.
    expect(started).toBeGreaterThanOrEqual(WINDOW);
    expect(started).toBeLessThanOrEqual(2 * WINDOW);
    expect(trouble).toEqual([
      {
        code: 'PROFILE_INVALID',
        says: expect.stringMatching(
          /units failed .* at st-1.*certline batch rerun B.*certline batch resume B/,
        ),
      },
    ]);
    expect(await currentDetails(handle)).toContain('no further unit starts');
    expect(await currentDetails(rig!.client.workflow.getHandle('batch/B/chunk-00001'))).toContain(
      'no further unit starts',
    );
    const query = 'WorkflowType="batch" AND ProvStatus="LINE_TROUBLE" AND ProvError="PROFILE_INVALID"';
    await until('the list shows it', async () => (await rig!.client.workflow.count(query)).count === 1);
    isClosed = false;
    await handle.executeUpdate('rerunFailed');
    expect(await handle.result()).toMatchObject({ passed: UNITS });
    const { calls } = rig!;
    expect(calls.filter(({ name }) => name === 'closeBatch')).toHaveLength(1);
  });

  it('continues without them when a person resumes it, and stops again if that was too soon', async () => {
    let isClosed = true;
    const handle = await startBatch({
      flashCredentials: async () => {
        if (isClosed) throw failure('PROFILE_INVALID');
      },
    });
    const first = await braked(handle, 'PROFILE_INVALID');
    const widened = await handle.executeUpdate('setWindow', { args: [{ units: WINDOW + 1 }] });
    expect(widened).toMatch(/; no further unit starts until the batch is resumed$/);
    await handle.executeUpdate('setPriority', { args: [{ priority: 1 }] });
    const { priority } = await until('its chunk knows', async () => {
      const { events } = await rig!.client.workflow.getHandle('batch/B/chunk-00001').fetchHistory();
      const told = events?.filter(
        (event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'setPace',
      );
      return told?.length === 2 ? await progressOf(handle) : undefined;
    });
    expect(priority).toBe(1);
    // One that could start just before the others failed is under way by now.
    expect((await braked(handle, 'PROFILE_INVALID')).started).toBeLessThanOrEqual(2 * WINDOW);
    await handle.executeUpdate('resume');
    const second = await until('others have failed', async () => {
      const progress = await braked(handle, 'PROFILE_INVALID');
      return progress.started > first.started ? progress : undefined;
    });
    expect(second.started).toBeLessThan(UNITS);
    isClosed = false;
    await handle.executeUpdate('resume');
    await until('all others passed', async () => {
      const { passed, attention } = await progressOf(handle);
      return passed + attention.length === UNITS;
    });
    expect((await progressOf(handle)).trouble).toBeUndefined();
    await expect(handle.executeUpdate('resume')).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
    await handle.terminate();
  });

  it('starts units where others pass at the same station', async () => {
    const handle = await startBatch({
      flashCredentials: async ({ unit }) => {
        if (Number(unit.serial.slice(3)) % 2 === 0) throw failure('SMP_DEVICE_ERROR');
      },
    });
    await until('all have begun', async () => {
      const { passed, attention } = await progressOf(handle);
      return passed === UNITS / 2 && attention.length === UNITS / 2;
    });
    await handle.terminate();
  });
});
