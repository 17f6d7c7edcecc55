import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import type { BatchInput, BatchProgress, ChunkRow } from '../../../provisioning/batch.ts';
import type { SupplementInput } from '../../../provisioning/supplement.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import { failure, PRODUCT, startRig } from '../rig.ts';
import type { Rig, ScriptedActivities } from '../rig.ts';
import { until } from '../../support/until.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const DECISION = { verdict: 'rerun', reason: 'why', by: 'who', decidedAt: '2026-01-01T00:00:00.000Z' };
const SUPPLEMENT: SupplementInput = { number: 1, choice: { codes: ['BOARD_GONE'] }, decision: DECISION };

const BATCH: BatchInput = {
  batchId: 'B',
  order: 'PO-1',
  manifest: 'lot.csv',
  manifestSha256: 'ab'.repeat(32),
  quantity: 600,
  window: 4,
  supplement: SUPPLEMENT,
};

const ROWS: ChunkRow[] = [
  { serial: 'CL-1', product: PRODUCT, attempt: 2 },
  { serial: 'CL-2', product: PRODUCT, attempt: 0 },
];

async function startSupplement(script: Partial<ScriptedActivities>): Promise<WorkflowHandle> {
  rig = await startRig({ openSupplement: async () => ROWS.length, loadChunk: async () => ROWS, ...script });
  return await again();
}

async function again(): Promise<WorkflowHandle> {
  const options = { workflowId: 'batch/B/supplement-1', taskQueue: WORKFLOW_QUEUE };
  return await rig!.client.workflow.start('batch', { ...options, args: [BATCH] });
}

const inputsOf = (name: keyof ScriptedActivities): unknown[] =>
  rig!.calls.filter((call) => call.name === name).map(({ input }) => input);

describe('a supplement of a batch', { timeout: 120_000 }, () => {
  it('runs the units that the registry chose, each with the attempt that the signer released', async () => {
    const handle = await startSupplement({});
    expect(await handle.result()).toMatchObject({ batchId: 'B', supplement: 1, quantity: 2, passed: 2 });
    expect(inputsOf('openSupplement')).toEqual([{ batchId: 'B', ...SUPPLEMENT }]);
    expect(inputsOf('loadChunk')).toEqual([{ batchId: 'B', chunk: 1, supplement: 1 }]);
    expect(inputsOf('releaseUnits')).toEqual([]);
    expect(inputsOf('releaseAttempts')).toMatchObject([
      {
        run: 'B/supplement-1',
        quantity: 600,
        units: [
          { serial: 'CL-1', attempt: 2 },
          { serial: 'CL-2', attempt: 0 },
        ],
        reason: 'why',
        by: 'who',
      },
    ]);
    const registered = inputsOf('registerDevice') as { unit: { serial: string; attempt: number } }[];
    const attempts = registered.map(({ unit }) => [unit.serial, unit.attempt] as const);
    expect(Object.fromEntries(attempts)).toEqual({ 'CL-1': 3, 'CL-2': 1 });
    expect(rig!.calls.at(-1)).toEqual({
      name: 'closeBatch',
      input: { batchId: 'B', supplement: 1, cancelled: false },
    });
  });

  it('waits for a workflow of before that has not ended, although the outcome of its unit is recorded', async () => {
    let isEnding = false;
    rig = await startRig({
      openSupplement: async () => ROWS.length,
      loadChunk: async () => ROWS,
      recallUnit: async () => ({ attempt: 2 }),
      registerDevice: async ({ unit: { batchId } }) => {
        if (batchId === 'before' && !isEnding) throw failure('REGISTRY_FAULT', false);
      },
    });
    const unit = { serial: 'CL-1', product: PRODUCT };
    const before = await rig.client.workflow.start('unit', {
      workflowId: 'unit/CL-1',
      taskQueue: WORKFLOW_QUEUE,
      args: [{ batchId: 'before', order: 'PO-1', unit }],
    });
    await until('it ends', () => rig!.called('registerDevice') > 0);
    const handle = await again();
    await until('the other unit has passed', () =>
      inputsOf('registerDevice').some(
        (input) => (input as { unit: { serial: string } }).unit.serial === 'CL-2',
      ),
    );
    isEnding = true;
    await before.result();
    expect(await handle.result()).toMatchObject({ passed: 2 });
    expect(inputsOf('recordTermination')).toEqual([]);
    expect(inputsOf('registerDevice')).toContainEqual(
      expect.objectContaining({
        unit: expect.objectContaining({ batchId: 'B', serial: 'CL-1', attempt: 3 }),
      }),
    );
  });

  it('begins no unit that was cancelled while its record was read', async () => {
    const recalled = Promise.withResolvers<void>();
    let isEnding = false;
    rig = await startRig({
      openSupplement: async () => 1,
      loadChunk: async () => ROWS.slice(0, 1),
      recallUnit: async ({ batchId }) => {
        if (batchId === 'B') await recalled.promise;
        return { attempt: 2 };
      },
      registerDevice: async () => {
        if (!isEnding) throw failure('REGISTRY_FAULT', false);
      },
    });
    const before = await rig.client.workflow.start('unit', {
      workflowId: 'unit/CL-1',
      taskQueue: WORKFLOW_QUEUE,
      args: [{ batchId: 'before', order: 'PO-1', unit: { serial: 'CL-1', product: PRODUCT } }],
    });
    await until('it ends', () => rig!.called('registerDevice') > 0);
    const handle = await again();
    const chunk = rig.client.workflow.getHandle('batch/B/supplement-1/chunk-00001');
    // It may not be there yet.
    const events = async () => (await chunk.fetchHistory().catch(() => undefined))?.events;
    const has = async (which: 'startChildWorkflowExecutionFailed' | 'workflowExecutionCancelRequested') =>
      (await events())?.some((event) => event[`${which}EventAttributes`]);
    // Only a chunk that met the workflow of before reads the record.
    await until('it meets the workflow of before', () => has('startChildWorkflowExecutionFailed'));
    isEnding = true;
    await before.result();
    await until('the record is read', () =>
      inputsOf('recallUnit').some((input) => (input as { batchId: string }).batchId === 'B'),
    );
    await handle.cancel();
    await until('the chunk hears of it', () => has('workflowExecutionCancelRequested'));
    recalled.resolve();
    await handle.result().catch(() => undefined);
    expect(inputsOf('recordTermination')).toMatchObject([{ batchId: 'B', serial: 'CL-1' }]);
    const begun = inputsOf('generateKeypair') as { unit: { batchId: string } }[];
    expect(begun.map(({ unit }) => unit.batchId)).toEqual(['before']);
  });

  it('that is refused waits as one, at the attempts that come next, and asks again', async () => {
    let isOpen = false;
    const handle = await startSupplement({
      releaseAttempts: async ({ units }) => {
        if (!isOpen) throw failure('QUOTA_EXCEEDED');
        return units.map(({ serial, attempt }) => ({ serial, attempt: attempt + 1, hasCertificate: false }));
      },
    });
    const progress = () => handle.query<BatchProgress>('progress');
    await until('it waits', async () => (await progress()).refused);
    expect((await progress()).attention).toMatchObject([
      { serial: 'CL-1', attempt: 3, code: 'QUOTA_EXCEEDED' },
      { serial: 'CL-2', attempt: 1 },
    ]);
    isOpen = true;
    expect(await handle.executeUpdate('rerunFailed')).toEqual({ units: 2 });
    expect(await handle.result()).toMatchObject({ passed: 2 });
  });

  it('whose unit was terminated ends it with the attempt that was released', async () => {
    const handle = await startSupplement({
      flashCredentials: async ({ unit }) => {
        if (unit.serial === 'CL-1') throw failure('BOARD_GONE');
      },
      releaseAttempts: async ({ units }) =>
        units.map(({ serial }) => ({ serial, attempt: 7, hasCertificate: false })),
    });
    const unit = rig!.client.workflow.getHandle('unit/CL-1');
    await until(
      'one waits',
      async () => (await handle.query<BatchProgress>('progress')).attention.length === 1,
    );
    await unit.terminate();
    expect(await handle.result()).toMatchObject({ passed: 1, errors: 1 });
    expect(inputsOf('revokeCertificate')).toMatchObject([{ unit: { serial: 'CL-1', attempt: 7 } }]);
  });

  it('that was terminated and is started again takes up its chunk; no unit runs twice', async () => {
    let rows: readonly ChunkRow[] = ROWS;
    const handle = await startSupplement({
      loadChunk: async () => [...rows],
      flashCredentials: async ({ unit }) => {
        if (unit.serial === 'CL-1') throw failure('BOARD_GONE');
      },
    });
    const waiting = async () => (await handle.query<BatchProgress>('progress')).attention.length === 1;
    await until('one waits', waiting);
    await handle.terminate();
    const second = await again();
    await until('it waits there too', async () => {
      return (await second.query<BatchProgress>('progress')).attention.length === 1;
    });
    rows = [
      { ...ROWS[0]!, outcome: 'HOLD' },
      { ...ROWS[1]!, outcome: 'PASS' },
    ];
    await rig!.client.workflow.getHandle('unit/CL-1').executeUpdate('skip');
    expect(await second.result()).toMatchObject({ passed: 1, held: 1 });
    expect(rig!.called('registerDevice')).toBe(1);
  });

  it('of nothing ends at once', async () => {
    const handle = await startSupplement({ openSupplement: async () => 0 });
    expect(await handle.result()).toMatchObject({ quantity: 0, passed: 0 });
    expect(rig!.called('closeBatch')).toBe(1);
  });
});
