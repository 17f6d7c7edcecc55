import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import type { BatchInput, BatchProgress } from '../../../provisioning/batch.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import { failure, PRODUCT, startRig } from '../rig.ts';
import type { Rig, ScriptedActivities } from '../rig.ts';
import { until } from '../../support/until.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const BATCH: BatchInput = {
  batchId: 'B',
  order: 'PO-1',
  manifest: 'lot.csv',
  manifestSha256: 'ab'.repeat(32),
  quantity: 300,
  window: 3,
};
const SHORT = { as: 'short', reason: 'enough', by: 'A. Berg' } as const;

const rowsOf = (product: string, ...serials: string[]) => serials.map((serial) => ({ serial, product }));

async function startBatch(script: Partial<ScriptedActivities>): Promise<WorkflowHandle> {
  rig = await startRig(script);
  const options = { workflowId: 'batch/B', taskQueue: WORKFLOW_QUEUE };
  return await rig.client.workflow.start('batch', { ...options, args: [BATCH] });
}

const closeInputs = () => rig!.calls.filter(({ name }) => name === 'closeBatch').map(({ input }) => input);
const endsOf = (serial: string) =>
  rig!.calls
    .filter(({ name }) => name === 'recordFailure')
    .map(({ input }) => input as { unit: { serial: string }; outcome?: string; code: string })
    .filter(({ unit, outcome }) => unit.serial === serial && outcome !== undefined);

describe('a batch that is closed short', { timeout: 120_000 }, () => {
  it('activates the certificate of a unit that passes while the batch is being closed, and whose chunk is gone', async () => {
    let isClosed = false;
    const certificate = { requestId: 'B/CL-1/k', serial: 'CL-1', attempt: 1, spkiSha256: 'k' };
    const handle = await startBatch({
      loadChunk: async () => rowsOf(PRODUCT, 'CL-1'),
      flashCredentials: async () => {
        throw failure('BOARD_GONE');
      },
      closeBatch: async () => {
        isClosed = true;
        return { passed: 1, failed: 0, errors: 0, held: 299 };
      },
      unfinishedCertificates: async ({ serial, after }) => ({
        certificates: isClosed && serial === undefined && after === 0 ? [certificate] : [],
      }),
      judgeCertificates: async ({ certificates }) => ({
        passed: certificates.map(({ requestId }) => ({ requestId })),
        ended: [],
      }),
    });
    await until(
      'it waits',
      async () => (await handle.query<BatchProgress>('progress')).attention.length === 1,
    );
    await handle.executeUpdate('close', { args: [SHORT] });
    expect(await handle.result()).toMatchObject({ passed: 1, held: 299 });
    expect(rig!.calls.findLast(({ name }) => name === 'activateCertificates')).toMatchObject({
      input: { passes: [{ requestId: 'B/CL-1/k' }] },
    });
  });

  it('ends units whose workflows were just being made, however many', async () => {
    const serials = Array.from({ length: 60 }, (_, at) => `CL-${at}`);
    rig = await startRig({
      loadChunk: async () => rowsOf('no-socket', ...serials),
      closeBatch: async () => ({ passed: 0, failed: 0, errors: 0, held: 60 }),
    });
    const options = { workflowId: 'batch/B', taskQueue: WORKFLOW_QUEUE };
    const handle = await rig.client.workflow.start('batch', {
      ...options,
      args: [{ ...BATCH, quantity: 60, window: 60 }],
    });
    const chunk = rig.client.workflow.getHandle('batch/B/chunk-00001');
    await until('they are being made', async () => {
      const { events } = await chunk.fetchHistory().catch(() => ({ events: [] }));
      return (events ?? []).some((event) => event.startChildWorkflowExecutionInitiatedEventAttributes);
    });
    await chunk.signal('closeUnits', { reason: 'enough', by: 'A. Berg' });
    expect(await handle.result()).toMatchObject({ held: 60 });
  });

  it('ends units that wait, and those without a board; units under way pass, others never begin', async () => {
    let finish: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (finish = resolve));
    const handle = await startBatch({
      loadChunk: async () => [
        ...rowsOf(PRODUCT, 'WAITS', 'SLOW'),
        ...rowsOf('no-socket', 'NO-BOARD'),
        ...rowsOf(PRODUCT, 'NEVER', 'EVER'),
      ],
      flashCredentials: async ({ unit }) => {
        if (unit.serial === 'SLOW') await slow;
        if (unit.serial === 'WAITS') throw failure('BOARD_GONE');
      },
      // NEVER and EVER would begin once WAITS leaves room.
      releaseSocket: async () => await slow,
    });
    await until('one is under way', () => rig!.called('flashCredentials') >= 2);
    expect(await handle.executeUpdate('close', { args: [SHORT] })).toContain('closed short');
    await expect(handle.executeUpdate('close', { args: [SHORT] })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('is being closed already') },
    });
    await until('the unit without a board has ended', () => endsOf('NO-BOARD').length === 1);
    finish();
    expect(await handle.result()).toMatchObject({ passed: 1, held: 4, errors: 0 });
    expect(endsOf('NO-BOARD')).toMatchObject([{ code: 'CLOSED_SHORT', outcome: 'HOLD' }]);
    expect(endsOf('WAITS')).toMatchObject([
      {
        code: 'CLOSED_SHORT',
        outcome: 'HOLD',
        decision: { verdict: 'close', reason: 'enough', by: 'A. Berg' },
      },
    ]);
    expect(closeInputs()).toEqual([{ batchId: 'B', cancelled: false, closed: true }]);
    expect(rig!.calls.find(({ name }) => name === 'recordBatchDecision')!.input).toMatchObject({
      decision: { verdict: 'close', detail: 'short', reason: 'enough', by: 'A. Berg' },
    });
    // The second chunk has not begun.
    expect(rig!.called('loadChunk')).toBe(1);
  });

  it('while its order is refused has no unit that waits', async () => {
    const handle = await startBatch({
      loadChunk: async () => rowsOf(PRODUCT, 'CL-1', 'CL-2'),
      releaseUnits: async () => Promise.reject(failure('ORDER_UNKNOWN')),
    });
    await until('it waits', async () => (await handle.query<BatchProgress>('progress')).refused);
    await handle.executeUpdate('close', { args: [SHORT] });
    expect(await handle.result()).toMatchObject({ passed: 0, held: 2 });
    expect(rig!.called('generateKeypair')).toBe(0);
  });

  it('before its order is refused has no unit that waits, either', async () => {
    let refuse: () => void = () => undefined;
    const refused = new Promise<never>((_, reject) => (refuse = () => reject(failure('ORDER_UNKNOWN'))));
    const handle = await startBatch({
      loadChunk: async ({ chunk }) => (chunk === 1 ? rowsOf(PRODUCT, 'CL-1', 'CL-2') : []),
      releaseUnits: () => refused,
    });
    await until('the signer is asked', () => rig!.called('releaseUnits') === 1);
    await handle.executeUpdate('close', { args: [SHORT] });
    const chunk = rig!.client.workflow.getHandle('batch/B/chunk-00001');
    await until('the chunk has heard of it', async () => {
      const { events } = await chunk.fetchHistory();
      return events!.some((event) => event.workflowExecutionSignaledEventAttributes);
    });
    refuse();
    expect(await handle.result()).toMatchObject({ passed: 0, held: 2 });
    expect([rig!.called('generateKeypair'), rig!.called('recordRefusal')]).toEqual([0, 0]);
  });

  it('passes a unit whose registration alone is missing', async () => {
    let isBroken = true;
    const handle = await startBatch({
      loadChunk: async ({ chunk }) => (chunk === 1 ? rowsOf(PRODUCT, 'CL-1') : []),
      registerDevice: async () => {
        if (isBroken) throw failure('REGISTRY_CONFLICT');
      },
    });
    await until(
      'it waits',
      async () => (await handle.query<BatchProgress>('progress')).attention.length === 1,
    );
    isBroken = false;
    await handle.executeUpdate('close', { args: [SHORT] });
    expect(await handle.result()).toMatchObject({ passed: 1, held: 0 });
    expect(rig!.calls.filter(({ name }) => name === 'revokeCertificate')).toEqual([]);
  });

  it.each([
    ['nothing', undefined, 'must be an object'],
    ['no reason', { as: 'short' }, '"reason" must be text'],
    ['another word', { as: 'wide', reason: 'why' }, '"as" must be "short" or "over"'],
  ])('is not closed with %s', async (_case, argument, fault) => {
    const handle = await startBatch({ loadChunk: async () => rowsOf('no-socket', 'CL-1') });
    const args = (argument === undefined ? [] : [argument]) as [];
    await expect(handle.executeUpdate('close', { args })).rejects.toMatchObject({
      cause: { message: expect.stringContaining(fault) },
    });
    await handle.terminate();
    await rig!.client.workflow
      .getHandle('batch/B/chunk-00001')
      .terminate()
      .catch(() => undefined);
  });
});
