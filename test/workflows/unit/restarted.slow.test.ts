import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { afterEach, describe, expect, it } from 'vitest';
import type { RecalledUnit } from '../../../provisioning/registration.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import type { UnitReport, UnitState } from '../../../provisioning/unit.ts';
import { failure, PRODUCT, startRig } from '../rig.ts';
import type { Rig, ScriptedActivities } from '../rig.ts';
import { currentDetails } from '../../support/current-details.ts';
import { until } from '../../support/until.ts';
import { resetTo } from '../reset-to.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const ROWS = ['CL-1'].map((serial) => ({ serial, product: PRODUCT }));
const UNIT = { batchId: 'B', order: 'PO-1', unit: ROWS[0]! };

/** A batch of one unit whose board is bad while `isBad`; `recalled` is what the registry has when it is asked. */
async function startBatch(
  line: { isBad: boolean; recalled?: RecalledUnit },
  script: Partial<ScriptedActivities> = {},
): Promise<WorkflowHandle> {
  rig = await startRig({
    loadChunk: async () => ROWS,
    flashCredentials: async () => {
      if (line.isBad) throw failure('SMP_DEVICE_ERROR');
    },
    recallUnit: async () => line.recalled ?? { attempt: 0 },
    ...script,
  });
  const batch = {
    batchId: 'B',
    order: 'PO-1',
    manifest: 'lot.csv',
    manifestSha256: '',
    quantity: 1,
    window: 4,
  };
  return await rig.client.workflow.start('batch', {
    workflowId: 'batch/B',
    taskQueue: WORKFLOW_QUEUE,
    args: [batch],
  });
}

const handleOf = (id: string) => rig!.client.workflow.getHandle(id);
const stateOf = async () => await handleOf('unit/CL-1').query<UnitState>('state');
const untilWaiting = () =>
  until('the unit waits', async () => (await stateOf().catch(() => undefined))?.attention !== undefined);

async function endOf(handle: WorkflowHandle): Promise<{ code: unknown; report: UnitReport }> {
  const error: unknown = await handle.result().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WorkflowFailedError);
  const cause = (error as WorkflowFailedError).cause as ApplicationFailure;
  return { code: cause.type, report: cause.details![0] as UnitReport };
}

describe('somebody pressed Reset on a unit', { timeout: 120_000 }, () => {
  it.each(['first', 'last'] as const)(
    'that was scrapped, to its %s event: it stays scrapped',
    async (event) => {
      const line: Parameters<typeof startBatch>[0] = { isBad: true };
      const batch = await startBatch(line);
      await untilWaiting();
      await handleOf('unit/CL-1').executeUpdate('scrap');
      expect(await batch.result()).toMatchObject({ failed: 1 });
      const claims = rig!.called('generateKeypair');
      Object.assign(line, {
        isBad: false,
        recalled: { attempt: 1, outcome: 'FAIL', code: 'SMP_DEVICE_ERROR' },
      });
      const reset = await resetTo(rig!, 'unit/CL-1', event);
      expect(await endOf(reset)).toMatchObject({ code: 'SMP_DEVICE_ERROR', report: { outcome: 'FAIL' } });
      expect(rig!.called('generateKeypair')).toBe(claims);
      expect(rig!.called('registerDevice')).toBe(0);
      expect(await currentDetails(reset)).toMatch(/^\*\*CL-1: FAIL\*\*/);
    },
  );

  it('that passed: it ends with the certificate that it has', async () => {
    const line: Parameters<typeof startBatch>[0] = { isBad: false };
    const batch = await startBatch(line);
    expect(await batch.result()).toMatchObject({ passed: 1 });
    line.recalled = { attempt: 1, outcome: 'PASS', fingerprint: 'fp-CL-1-1', spkiSha256: 'spki-CL-1-1' };
    const reset = await resetTo(rig!, 'unit/CL-1', 'first');
    expect(await reset.result()).toEqual({
      serial: 'CL-1',
      outcome: 'PASS',
      attempts: 1,
      fingerprint: 'fp-CL-1-1',
      requestId: 'B/CL-1/spki-CL-1-1',
    });
    expect(rig!.called('generateKeypair')).toBe(1);
  });

  it('that waits, to its first event: it is tried again as a further attempt, and its chunk hears of its end', async () => {
    const line: Parameters<typeof startBatch>[0] = { isBad: true };
    const batch = await startBatch(line);
    await untilWaiting();
    Object.assign(line, { isBad: false, recalled: { attempt: 1 } });
    await resetTo(rig!, 'unit/CL-1', 'first');
    expect(await batch.result()).toMatchObject({ passed: 1 });
    const attempts = rig!.calls
      .filter(({ name }) => name === 'generateKeypair')
      .map(({ input }) => (input as { unit: { attempt: number } }).unit.attempt);
    expect(attempts).toEqual([1, 3]);
  });
});

describe('somebody started a unit again', { timeout: 120_000 }, () => {
  it('that had ended: it ends the same way, and nothing is made', async () => {
    const line: Parameters<typeof startBatch>[0] = { isBad: true };
    const batch = await startBatch(line);
    await untilWaiting();
    await handleOf('unit/CL-1').executeUpdate('skip');
    await batch.result();
    Object.assign(line, {
      isBad: false,
      recalled: { attempt: 1, outcome: 'HOLD', code: 'SMP_DEVICE_ERROR' },
    });
    const options = { workflowId: 'unit/CL-1', taskQueue: WORKFLOW_QUEUE };
    const again = await rig!.client.workflow.start('unit', { ...options, args: [UNIT] });
    expect(await endOf(again)).toMatchObject({ report: { outcome: 'HOLD' } });
    expect(rig!.called('generateKeypair')).toBe(1);
  });
});

describe('somebody paused an activity of a unit', { timeout: 120_000 }, () => {
  it('the unit waits where it is, and goes on when the activity is resumed', async () => {
    let isReady = false;
    const batch = await startBatch(
      { isBad: false },
      {
        registerDevice: async () => {
          if (!isReady) throw failure('REGISTRY_UNAVAILABLE', false);
        },
      },
    );
    await until('it is tried', () => rig!.called('registerDevice') > 0);
    const execution = { workflowId: 'unit/CL-1', runId: (await handleOf('unit/CL-1').describe()).runId };
    const activity = { namespace: rig!.namespace, execution, identity: 'A. Berg', type: 'registerDevice' };
    await rig!.client.workflowService.pauseActivity(activity);
    await until('no further try comes', async () => {
      const { raw } = await handleOf('unit/CL-1').describe();
      return raw.pendingActivities?.[0]?.paused === true;
    });
    isReady = true;
    const tries = rig!.called('registerDevice');
    expect((await stateOf()).step).toBe('registerDevice');
    expect(rig!.called('registerDevice')).toBe(tries);
    await rig!.client.workflowService.unpauseActivity(activity);
    expect(await batch.result()).toMatchObject({ passed: 1 });
  });

  it.each(['registerDevice', 'flashCredentials', 'generateKeypair'] as const)(
    'and cancels its batch: the unit ends, whatever of it is paused (%s)',
    async (type) => {
      let isReady = false;
      const batch = await startBatch(
        { isBad: false },
        {
          [type]: async () => {
            if (!isReady) throw failure('SMP_TIMEOUT', false);
          },
        },
      );
      await until('it is tried', () => rig!.called(type) > 0);
      const execution = { workflowId: 'unit/CL-1', runId: (await handleOf('unit/CL-1').describe()).runId };
      await rig!.client.workflowService.pauseActivity({
        namespace: rig!.namespace,
        execution,
        identity: 'A. Berg',
        type,
      });
      await until('no further try comes', async () => {
        const { raw } = await handleOf('unit/CL-1').describe();
        return raw.pendingActivities?.[0]?.paused === true;
      });
      isReady = true;
      await batch.cancel();
      await until('it ended', async () => (await batch.describe()).status.name === 'CANCELLED', 60_000);
    },
  );
});
