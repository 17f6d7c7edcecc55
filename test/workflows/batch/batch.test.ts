import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import { CHUNK_SIZE } from '../../../provisioning/batch.ts';
import type { BatchInput, BatchProgress } from '../../../provisioning/batch.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import type { UnitRow } from '../../../provisioning/unit.ts';
import { failure, instantChunks, PRODUCT, startRig } from '../rig.ts';
import type { Rig, ScriptedActivities } from '../rig.ts';
import type { ActivateCertificatesInput } from '../../../provisioning/signing.ts';
import { until } from '../../support/until.ts';
import { passedChunk } from './passed-chunk.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const units = (count: number): UnitRow[] =>
  Array.from({ length: count }, (_, index) => ({ serial: `CL-${index + 1}`, product: PRODUCT }));

const batchOf = (quantity: number, window = 4): BatchInput => ({
  batchId: 'B',
  order: 'PO-1',
  manifest: 'lot.csv',
  manifestSha256: 'ab'.repeat(32),
  quantity,
  window,
});

async function startBatch(
  input: BatchInput,
  script: Partial<ScriptedActivities>,
  options: Parameters<typeof startRig>[1] = {},
): Promise<WorkflowHandle> {
  rig = await startRig(script, options);
  return await rig.client.workflow.start('batch', {
    workflowId: 'batch/B',
    taskQueue: WORKFLOW_QUEUE,
    args: [input],
  });
}

const progressOf = (handle: WorkflowHandle) => handle.query<BatchProgress>('progress');

describe('a batch', () => {
  it('takes every unit through and tells the counts', async () => {
    const rows = units(9);
    const handle = await startBatch(batchOf(9), { loadChunk: async () => rows });
    expect(await handle.result()).toMatchObject({
      quantity: 9,
      passed: 9,
      failed: 0,
      errors: 0,
      held: 0,
      openChunks: 0,
    });
    expect(rig!.calls.find((call) => call.name === 'releaseUnits')!.input).toEqual({
      batchId: 'B',
      order: 'PO-1',
      manifestSha256: 'ab'.repeat(32),
      quantity: 9,
      units: rows,
      signed: 'c2lnbmVk',
    });
    const activated = rig!.calls
      .filter((call) => call.name === 'activateCertificates')
      .flatMap((call) => (call.input as ActivateCertificatesInput).passes);
    expect(activated.every(({ pass }) => pass?.stationId === 'st-1')).toBe(true);
    expect(activated.map(({ requestId }) => requestId).sort()).toEqual(
      rows.map(({ serial }) => `B/${serial}/spki-${serial}-1`),
    );
    expect(rig!.calls.at(-1)).toEqual({ name: 'closeBatch', input: { batchId: 'B', cancelled: false } });
  });

  it('keeps no more units under way than its window', async () => {
    let underWay = 0;
    let most = 0;
    const handle = await startBatch(batchOf(10, 3), {
      loadChunk: async () => units(10),
      generateKeypair: async ({ unit }) => {
        most = Math.max(most, ++underWay);
        await until('others had their chance', () => underWay >= 3 || unit.serial === 'CL-10');
        return {
          stationId: 'st-1',
          socket: '1',
          boardId: 'b',
          csr: 'c',
          spkiSha256: unit.serial,
          startedAt: 's',
          signed: { at: 's', signature: 'c2ln' },
        };
      },
      registerDevice: async () => {
        underWay--;
      },
    });
    expect(await handle.result()).toMatchObject({ passed: 10 });
    expect(most).toBe(3);
  });

  it('goes on while units wait, shows them, and tries them all again with one update', async () => {
    let bad = true;
    const handle = await startBatch(batchOf(8, 2), {
      loadChunk: async () => units(8),
      flashCredentials: async ({ unit }) => {
        if (bad && Number(unit.serial.slice(3)) <= 3) throw failure('SMP_DEVICE_ERROR');
      },
    });
    await until('all others passed', async () => (await progressOf(handle)).passed === 5);
    const progress = await progressOf(handle);
    expect(progress.attention.map((waiting) => waiting.serial).sort()).toEqual(['CL-1', 'CL-2', 'CL-3']);
    bad = false;
    await expect(handle.executeUpdate('rerunFailed', { args: [{ serials: ['CL-2'] }] })).resolves.toEqual({
      units: 1,
    });
    await until('one passed', async () => (await progressOf(handle)).passed === 6);
    await expect(handle.executeUpdate('rerunFailed')).resolves.toEqual({ units: 2 });
    expect(await handle.result()).toMatchObject({ passed: 8, attention: [] });
  });

  it('waits while the signer refuses its order, shows that, and goes on once the order is mended', async () => {
    let ordered = false;
    const secondChunk = ['CL-A', 'CL-B'].map((serial) => ({ serial, product: PRODUCT }));
    // Two chunks for the batch, few units in each: nobody waits for 250.
    const handle = await startBatch(batchOf(CHUNK_SIZE + 2), {
      loadChunk: async ({ chunk }) => (chunk === 1 ? units(3) : secondChunk),
      releaseUnits: async ({ units: [first] }) => {
        if (!ordered && first!.serial === 'CL-A') throw failure('QUOTA_EXCEEDED');
      },
    });
    await until('the second chunk waits', async () => (await progressOf(handle)).refused);
    await until('the first is through', async () => (await progressOf(handle)).passed === 3);
    const { attention, started } = await progressOf(handle);
    expect(attention.map(({ serial, code, step }) => [serial, code, step])).toEqual([
      ['CL-A', 'QUOTA_EXCEEDED', 'signCertificate'],
      ['CL-B', 'QUOTA_EXCEEDED', 'signCertificate'],
    ]);
    expect(started).toBe(5);
    expect(rig!.called('generateKeypair')).toBe(3);
    const recorded = rig!.calls.find((call) => call.name === 'recordRefusal')!.input;
    expect(recorded).toEqual({ batchId: 'B', units: secondChunk, code: 'QUOTA_EXCEEDED' });
    const query = 'ProvStatus="ATTENTION" AND ProvError="QUOTA_EXCEEDED"';
    await until('the list shows it', async () => (await rig!.client.workflow.count(query)).count === 1);
    await handle.executeUpdate('rerunFailed');
    await until('it is refused again', () => rig!.called('recordRefusal') === 2);
    ordered = true;
    await until('it waits again', async () => (await progressOf(handle)).refused);
    await expect(handle.executeUpdate('rerunFailed')).resolves.toEqual({ units: 2 });
    expect(await handle.result()).toMatchObject({ passed: 5, refused: false, attention: [] });
    await until('it left the list', async () => (await rig!.client.workflow.count(query)).count === 0);
  });

  it('can be cancelled while the signer refuses its order', async () => {
    const handle = await startBatch(batchOf(2), {
      loadChunk: async () => units(2),
      releaseUnits: async () => Promise.reject(failure('ORDER_UNKNOWN')),
    });
    await until('it waits', async () => (await progressOf(handle)).refused);
    await handle.cancel();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect(rig!.called('generateKeypair')).toBe(0);
    expect(rig!.calls.findLast(({ name }) => name === 'closeBatch')).toMatchObject({
      input: { batchId: 'B', cancelled: true },
    });
    expect(rig!.calls.at(-1)).toMatchObject({ name: 'neverBegun' });
  });

  it('refuses to rerun when nothing waits', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const handle = await startBatch(batchOf(1), {
      loadChunk: async () => units(1),
      registerDevice: () => held,
    });
    await until('it registers', () => rig!.called('registerDevice') === 1);
    await expect(handle.executeUpdate('rerunFailed')).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
    release();
    await handle.result();
  });

  it('shows what waits in its current details', async () => {
    const handle = await startBatch(batchOf(2), {
      loadChunk: async () => units(2),
      flashCredentials: async ({ unit }) => {
        if (unit.serial === 'CL-1') throw failure('BOARD_GONE');
      },
    });
    await until('one waits', async () => (await progressOf(handle)).attention.length === 1);
    const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain('**lot.csv, order PO-1**');
    expect(currentDetails).toMatch(
      /^`BOARD_GONE`: 1 unit .*put it back, then retry\.\n\n- \[CL-1\]\(.*\): flashCredentials, attempt 1/m,
    );
    await handle.terminate();
  });

  it('counts what ended without a pass by its outcome', async () => {
    const handle = await startBatch(batchOf(3), {
      loadChunk: async () => units(3),
      flashCredentials: async ({ unit }) => {
        if (unit.serial !== 'CL-3') throw failure('SMP_DEVICE_ERROR');
      },
    });
    await until('two wait', async () => (await progressOf(handle)).attention.length === 2);
    await rig!.client.workflow.getHandle('unit/CL-1').executeUpdate('scrap');
    await rig!.client.workflow.getHandle('unit/CL-2').executeUpdate('skip');
    expect(await handle.result()).toMatchObject({ passed: 1, failed: 1, held: 1 });
  });

  it('is cancelled with its chunks and units, and every socket is left', async () => {
    const handle = await startBatch(batchOf(6, 3), {
      loadChunk: async () => units(6),
      verifyReadback: async () => Promise.reject(failure('SMP_TIMEOUT', false)),
    });
    await until('three verify', () => rig!.called('verifyReadback') >= 3);
    await handle.cancel();
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
    expect(rig!.called('releaseSocket')).toBe(3);
    expect(rig!.called('revokeCertificate')).toBe(3);
    expect(rig!.calls.findLast(({ name }) => name === 'closeBatch')).toMatchObject({
      input: { batchId: 'B', cancelled: true },
    });
    expect(rig!.calls.at(-1)).toMatchObject({ name: 'neverBegun' });
    const { workflow } = rig!.client;
    await until('nothing runs', async () => (await workflow.count('ExecutionStatus="Running"')).count === 0);
  });

  it('is cancelled while many of its units are being started, and ends', async () => {
    const rows = units(150);
    const handle = await startBatch(batchOf(150, 12), { loadChunk: async () => rows });
    await until('some have passed', () => rig!.called('registerDevice') > 20);
    await handle.cancel();
    await handle.result().catch(() => undefined);
    const { status } = await rig!.client.workflow.getHandle('batch/B/chunk-00001').describe();
    expect(status.name).toBe('COMPLETED');
    const query = `WorkflowType = 'unit' AND ExecutionStatus = 'Running'`;
    await until('no unit runs', async () => (await rig!.client.workflow.count(query)).count === 0);
    expect(rig!.calls.findLast(({ name }) => name === 'closeBatch')).toMatchObject({
      input: { cancelled: true },
    });
  });

  it('closes all the same when it is cancelled while it closes, and gives back what was never begun', async () => {
    const asked = Promise.withResolvers<void>();
    const handle = await startBatch(batchOf(2), {
      loadChunk: async () => units(2),
      closeBatch: async () => {
        await asked.promise;
        return { passed: 2, failed: 0, errors: 0, held: 0 };
      },
      neverBegun: async () => ({ serials: [] }),
    });
    await until('it closes', () => rig!.called('closeBatch') === 1);
    await handle.cancel();
    await until('it knows', async () => {
      const { events } = await handle.fetchHistory();
      return events?.some(({ workflowExecutionCancelRequestedEventAttributes: asks }) => asks) ?? false;
    });
    asked.resolve();
    expect(await handle.result()).toMatchObject({ passed: 2 });
    expect(rig!.called('closeBatch')).toBe(1);
    expect(rig!.calls.at(-1)).toMatchObject({ name: 'neverBegun' });
  });

  it('settles certificates that no chunk reported before it closes, page by page', async () => {
    const page = (serials: string[]) =>
      serials.map((serial) => ({ requestId: `B/${serial}/k`, serial, attempt: 1, spkiSha256: 'k' }));
    const handle = await startBatch(batchOf(1), {
      loadChunk: async () => units(1),
      unfinishedCertificates: async ({ after }) =>
        after === 0
          ? { certificates: page(['CL-A', 'CL-B']), next: 7 }
          : { certificates: page(['CL-C', 'CL-D']) },
      judgeCertificates: async ({ certificates: [first, second] }) => ({
        passed: [{ requestId: first!.requestId }],
        ended: [second!],
      }),
    });
    await handle.result();
    const inputsOf = (name: string): unknown[] =>
      rig!.calls.filter((call) => call.name === name).map(({ input }) => input);
    expect(inputsOf('unfinishedCertificates')).toEqual([
      { batchId: 'B', after: 0, withCertificates: true },
      { batchId: 'B', after: 7, withCertificates: true },
    ]);
    expect(inputsOf('activateCertificates').slice(1)).toEqual([
      { passes: [{ requestId: 'B/CL-A/k' }] },
      { passes: [{ requestId: 'B/CL-C/k' }] },
    ]);
    expect(inputsOf('revokeCertificate')).toMatchObject([
      { unit: { serial: 'CL-B' } },
      { unit: { serial: 'CL-D' } },
    ]);
    expect(rig!.calls.at(-1)!.name).toBe('closeBatch');
  });

  it('closes although the ledger cannot be read, and reports what the registry counts', async () => {
    const handle = await startBatch(batchOf(1), {
      loadChunk: async () => units(1),
      unfinishedCertificates: async () => Promise.reject(failure('LEDGER_CORRUPT')),
      closeBatch: async () => ({ passed: 0, failed: 0, errors: 1, held: 0 }),
    });
    expect(await handle.result()).toMatchObject({ passed: 0, errors: 1, openChunks: 0 });
  });

  it('starts no further unit while it is paused, and then as many at once as it is told', async () => {
    const gates = new Map<string, () => void>();
    const handle = await startBatch(batchOf(6, 2), {
      loadChunk: async () => units(6),
      registerDevice: ({ unit }) =>
        new Promise((resolve) => {
          gates.set(unit.serial, () => resolve(undefined));
        }),
    });
    await until('two are under way', () => gates.size === 2);
    const why = { reason: 'shift ends', by: 'A. Berg' };
    await expect(handle.executeUpdate('pause', { args: [why] })).resolves.toMatch(/^paused: /);
    await expect(handle.executeUpdate('pause')).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/^the batch is paused already, since .*, by A\. Berg$/) },
    });
    for (const open of gates.values()) open();
    await until('both passed', async () => (await progressOf(handle)).passed === 2);
    expect(gates.size).toBe(2);
    expect(await progressOf(handle)).toMatchObject({
      started: 2,
      window: 2,
      pause: { verdict: 'pause', ...why },
    });
    const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toMatch(/\n\*\*Paused\*\* by `A\. Berg` since .*, because: `shift ends`/);
    for (const wrong of [0, 2, 501, '3', undefined])
      await expect(handle.executeUpdate('setWindow', { args: [{ units: wrong }] })).rejects.toBeInstanceOf(
        WorkflowUpdateFailedError,
      );
    await expect(handle.executeUpdate('setWindow', { args: [{ units: 3 }] })).resolves.toMatch(/paused$/);
    await handle.executeUpdate('resume', { args: [{ by: 'C. Dorn' }] });
    await expect(handle.executeUpdate('resume')).rejects.toMatchObject({
      cause: { message: 'the batch is not paused' },
    });
    await until('three more are under way', () => gates.size === 5);
    expect(await progressOf(handle)).not.toHaveProperty('pause');
    const opening = setInterval(() => gates.forEach((open) => open()), 50);
    expect(await handle.result()).toMatchObject({ passed: 6, window: 3 });
    clearInterval(opening);
    const recorded = rig!.calls.filter(({ name }) => name === 'recordBatchDecision');
    const decidedAt = expect.stringMatching(/Z$/);
    expect(recorded.map(({ input }) => input)).toEqual([
      { batchId: 'B', decision: { verdict: 'pause', ...why, decidedAt } },
      { batchId: 'B', decision: { verdict: 'window', detail: '2 to 3 units', decidedAt } },
      { batchId: 'B', decision: { verdict: 'resume', by: 'C. Dorn', decidedAt } },
    ]);
  }, 120_000);

  it('stays paused when it continues as new', async () => {
    const pause = { verdict: 'pause', by: 'A. Berg', decidedAt: '2026-01-01T00:00:00.000Z' };
    const pace = { sequence: 1, window: 4, paused: true };
    const closed = { passed: 0, failed: 0, errors: 0, held: 0 };
    const resume = { nextChunk: 1, open: [], closed, pace, pause };
    const handle = await startBatch({ ...batchOf(1), resume }, { loadChunk: async () => units(1) });
    expect(await progressOf(handle)).toMatchObject({ openChunks: 0, pause });
    expect(rig!.called('loadChunk')).toBe(0);
    await handle.executeUpdate('resume');
    expect(await handle.result()).toMatchObject({ passed: 1 });
  });

  it('starts its units with its priority, also after it continues as new, and with another one from then on', async () => {
    const gates = new Map<string, () => void>();
    const closed = { passed: 0, failed: 0, errors: 0, held: 0 };
    const pace = { sequence: 1, window: 1, paused: false, priority: 2 };
    const resume = { nextChunk: 1, open: [], closed, pace };
    const handle = await startBatch(
      { ...batchOf(2, 1), priority: 1, resume },
      {
        loadChunk: async () => units(2),
        registerDevice: ({ unit }) =>
          new Promise((resolve) => {
            gates.set(unit.serial, () => resolve(undefined));
          }),
      },
    );
    const [first, second] = units(2).map(({ serial }) => serial);
    await until('the first is under way', () => gates.has(first!));
    for (const priority of [0, 2, 6, 1.5, '1', undefined])
      await expect(handle.executeUpdate('setPriority', { args: [{ priority }] })).rejects.toBeInstanceOf(
        WorkflowUpdateFailedError,
      );
    expect(await progressOf(handle)).toMatchObject({ priority: 2 });
    await expect(
      handle.executeUpdate('setPriority', { args: [{ priority: 4, by: 'Ada' }] }),
    ).resolves.toMatch(/priority 4 \(before: 2\)/);
    const opening = setInterval(() => gates.forEach((open) => open()), 50);
    await handle.result();
    clearInterval(opening);
    const priorityOf = async (serial: string): Promise<number | undefined> =>
      (await rig!.client.workflow.getHandle(`unit/${serial}`).describe()).priority?.priorityKey;
    expect(await Promise.all([first!, second!].map(priorityOf))).toEqual([2, 4]);
    const [decision] = rig!.calls.filter(({ name }) => name === 'recordBatchDecision');
    expect(decision?.input).toMatchObject({ decision: { verdict: 'priority', detail: '4', by: 'Ada' } });
  });

  it('goes on where an earlier run of it was', async () => {
    const bundle = await instantChunks();
    const open = {
      ...passedChunk(2),
      started: 200,
      passed: 150,
      attention: [],
      draining: true,
      finished: false,
    };
    const resume = { nextChunk: 3, open: [open], closed: { passed: 249, failed: 1, errors: 0, held: 0 } };
    const row = { serial: 'CL-2', product: 'golioth-node' };
    let ended: { outcome?: 'PASS' } = {};
    rig = await startRig({ loadChunk: async () => [{ ...row, ...ended }] }, { workflowBundle: bundle });
    const { workflow } = rig.client;
    const taskQueue = WORKFLOW_QUEUE;
    const chunk = await workflow.start('silentChunk', { workflowId: 'batch/B/chunk-00002', taskQueue });
    const args: [BatchInput] = [{ ...batchOf(1_000), resume }];
    const handle = await workflow.start('batch', { workflowId: 'batch/B', taskQueue, args });
    await until('the last two chunks are through', async () => {
      const { passed, openChunks } = await progressOf(handle);
      return passed === 899 && openChunks === 1;
    });
    expect(await progressOf(handle)).toMatchObject({ failed: 1 });
    // What anybody can say does not end a chunk of which the registry has a unit without an end.
    await handle.signal('chunkReport', { ...passedChunk(2), sequence: 2 });
    await until('the registry was asked', () => rig!.called('loadChunk') > 0);
    expect((await progressOf(handle)).openChunks).toBe(1);
    ended = { outcome: 'PASS' };
    await handle.signal('chunkReport', { ...passedChunk(2), sequence: 3 });
    expect(await handle.result()).toMatchObject({ passed: 999, failed: 1, openChunks: 0 });
    await chunk.terminate();
  });
});
