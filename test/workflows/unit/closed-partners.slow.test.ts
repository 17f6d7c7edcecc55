import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import type { BatchInput, BatchProgress } from '../../../provisioning/batch.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import type { UnitState } from '../../../provisioning/unit.ts';
import { failure, instantChunks, PRODUCT, startRig } from '../rig.ts';
import type { ScriptedActivities } from '../rig.ts';
import { until } from '../../support/until.ts';

let rig: Awaited<ReturnType<typeof startRig>> | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

async function startBatch(
  rows: number,
  script: Partial<ScriptedActivities>,
  input: Partial<BatchInput> = {},
  options: Parameters<typeof startRig>[1] = {},
): Promise<WorkflowHandle> {
  const units = Array.from({ length: rows }, (_, index) => ({ serial: `CL-${index + 1}`, product: PRODUCT }));
  rig = await startRig({ loadChunk: async () => units, ...script }, options);
  return await rig.client.workflow.start('batch', {
    workflowId: 'batch/B',
    taskQueue: WORKFLOW_QUEUE,
    args: [{ batchId: 'B', order: 'PO-1', manifest: 'lot.csv', quantity: rows, window: 8, ...input }],
  });
}

const progressOf = (handle: WorkflowHandle) => handle.query<BatchProgress>('progress');

const untilWaiting = (handle: WorkflowHandle, count: number) =>
  until(`${count} wait`, async () => (await progressOf(handle)).attention.length === count);

describe('a batch', () => {
  it('ends, and counts errors, when its chunk was terminated', async () => {
    const handle = await startBatch(3, {
      flashCredentials: async () => Promise.reject(failure('SMP_DEVICE_ERROR')),
    });
    await untilWaiting(handle, 3);
    await rig!.client.workflow.getHandle('batch/B/chunk-00001').terminate();
    expect(await handle.result()).toMatchObject({ passed: 0, errors: 3, attention: [], openChunks: 0 });
    expect(rig!.calls).toContainEqual({ name: 'closeBatch', input: { batchId: 'B', cancelled: false } });
  });

  it('ends when a chunk cannot even begin', async () => {
    const handle = await startBatch(2, {
      loadChunk: async () => Promise.reject(failure('REGISTRY_CONFLICT')),
    });
    expect(await handle.result()).toMatchObject({ errors: 2 });
  });

  it('can be cancelled when a chunk of an earlier run is gone', async () => {
    const counts = { units: 250, started: 250, passed: 200, failed: 0, errors: 0, held: 0 };
    const standing = { attention: [], draining: false, refused: false, finished: false };
    const open = { chunk: 1, sequence: 4, ...counts, ...standing };
    const resume = { nextChunk: 2, open: [open], closed: { passed: 0, failed: 0, errors: 0, held: 0 } };
    const workflowBundle = await instantChunks();
    const handle = await startBatch(0, {}, { quantity: 500, resume }, { workflowBundle });
    // The chunk does not answer, so its 50 units without an end are lost; the other chunk goes on.
    expect(await handle.result()).toMatchObject({ passed: 450, errors: 50, openChunks: 0 });
  });
});

describe('a chunk', () => {
  it('outlives a rerun that names a unit which has just ended', async () => {
    const handle = await startBatch(2, {
      flashCredentials: async () => Promise.reject(failure('SMP_DEVICE_ERROR')),
    });
    await untilWaiting(handle, 2);
    const chunk = rig!.client.workflow.getHandle('batch/B/chunk-00001');
    await rig!.client.workflow.getHandle('unit/CL-1').terminate();
    await chunk.signal('rerunUnits', { serials: ['CL-1', 'CL-2'] });
    const other = rig!.client.workflow.getHandle('unit/CL-2');
    await until('the other one was tried again, and waits again', async () => {
      const { attempt, attention } = await other.query<UnitState>('state');
      return attempt === 2 && attention !== undefined;
    });
    await other.executeUpdate('skip');
    expect(await handle.result()).toMatchObject({ errors: 1, held: 1 });
    expect((await chunk.describe()).status.name).toBe('COMPLETED');
  });
});

describe('a unit', () => {
  it('keeps to a scrap although a retry comes while it is written down', async () => {
    const written = Promise.withResolvers<void>();
    rig = await startRig({
      flashCredentials: async () => Promise.reject(failure('SMP_DEVICE_ERROR')),
      recordFailure: async ({ outcome }) => (outcome ? undefined : written.promise),
    });
    const handle = await rig.client.workflow.start('unit', {
      workflowId: 'unit/CL-1',
      taskQueue: WORKFLOW_QUEUE,
      args: [{ batchId: 'B', order: 'O', unit: { serial: 'CL-1', product: PRODUCT } }],
    });
    await until('it is being written down', () => rig!.called('recordFailure') === 1);
    await handle.executeUpdate('scrap');
    await handle.signal('retry');
    written.resolve();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect(rig.calls.at(-1)!.name).toBe('revokeCertificate');
    expect(rig.called('generateKeypair')).toBe(1);
  });
});
