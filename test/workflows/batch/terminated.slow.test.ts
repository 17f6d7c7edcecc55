import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import type { BatchInput, BatchProgress, ChunkRow } from '../../../provisioning/batch.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import { failure, PRODUCT, startRig } from '../rig.ts';
import type { Rig, ScriptedActivities } from '../rig.ts';
import { until } from '../../support/until.ts';
import { resetTo } from '../reset-to.ts';

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
  quantity: 3,
  window: 4,
};

const row = (serial: string): ChunkRow => ({ serial, product: PRODUCT });
const ROWS = ['CL-1', 'CL-2', 'CL-3'].map(row);

async function startBatch(
  script: Partial<ScriptedActivities>,
  resume?: BatchInput['resume'],
): Promise<WorkflowHandle> {
  rig = await startRig({ loadChunk: async () => ROWS, ...script });
  return await again(resume);
}

async function again(resume?: BatchInput['resume']): Promise<WorkflowHandle> {
  const options = { workflowId: 'batch/B', taskQueue: WORKFLOW_QUEUE };
  const args: [BatchInput] = [{ ...BATCH, ...(resume && { resume }) }];
  return await rig!.client.workflow.start('batch', { ...options, args });
}

const handleOf = (id: string) => rig!.client.workflow.getHandle(id);
const waitingOf = async (): Promise<number> =>
  (await handleOf('batch/B').query<BatchProgress>('progress')).attention.length;

/** The bad unit's board does not work. */
const bad = (serial: string): Partial<ScriptedActivities> => ({
  flashCredentials: async ({ unit }) => {
    if (unit.serial === serial) throw failure('BOARD_GONE');
  },
});

describe('somebody pressed Terminate', { timeout: 120_000 }, () => {
  it('on a unit: the chunk has its end recorded and its certificate withdrawn', async () => {
    const certificate = { requestId: 'r', serial: 'CL-2', attempt: 1, spkiSha256: 'k', boardId: 'b01' };
    const handle = await startBatch({
      ...bad('CL-2'),
      unfinishedCertificates: async ({ serial }) => ({
        certificates: serial === 'CL-2' ? [certificate] : [],
      }),
    });
    await until('one waits', async () => (await waitingOf()) === 1);
    await handleOf('unit/CL-2').terminate();
    expect(await handle.result()).toMatchObject({ passed: 2, errors: 1, held: 0 });
    const ended = rig!.calls.filter(({ name }) => ['recordTermination', 'revokeCertificate'].includes(name));
    expect(ended).toMatchObject([
      { name: 'recordTermination', input: { batchId: 'B', serial: 'CL-2', certificate } },
      { name: 'revokeCertificate', input: { unit: { serial: 'CL-2', attempt: 1 } } },
    ]);
  });

  it('on a unit whose registration came first: it passed, and nothing is withdrawn', async () => {
    const handle = await startBatch({
      ...bad('CL-2'),
      recordTermination: async () => ({ outcome: 'PASS', attempt: 1 }),
    });
    await until('one waits', async () => (await waitingOf()) === 1);
    await handleOf('unit/CL-2').terminate();
    expect(await handle.result()).toMatchObject({ passed: 3, errors: 0 });
    expect(rig!.called('revokeCertificate')).toBe(0);
  });

  it('on a chunk: its batch closes when its units have recorded their ends', async () => {
    const handle = await startBatch({
      verifyReadback: async () => Promise.reject(failure('SMP_TIMEOUT', false)),
    });
    await until('all verify', () => rig!.called('verifyReadback') >= 3);
    await handleOf('batch/B/chunk-00001').terminate();
    await handle.result();
    const names = rig!.calls.map(({ name }) => name);
    expect(rig!.called('revokeCertificate')).toBe(3);
    expect(names.lastIndexOf('revokeCertificate')).toBeLessThan(names.indexOf('unfinishedCertificates'));
    expect(names.at(-1)).toBe('closeBatch');
  });

  it('on a chunk whose units cannot end yet: a rerun reaches those of the other chunks, and is recorded', async () => {
    const isWritable = Promise.withResolvers<void>();
    rig = await startRig({
      loadChunk: async ({ chunk }) => [row(`CL-${chunk}`)],
      flashCredentials: async () => {
        throw failure('BOARD_GONE');
      },
      recordFailure: async ({ outcome }) => {
        if (outcome !== undefined) await isWritable.promise;
      },
    });
    const options = { workflowId: 'batch/B', taskQueue: WORKFLOW_QUEUE };
    const args: [BatchInput] = [{ ...BATCH, quantity: 300 }];
    const handle = await rig.client.workflow.start('batch', { ...options, args });
    await until('both wait', async () => (await waitingOf()) === 2);
    await handleOf('batch/B/chunk-00001').terminate();
    await until('its unit ends', () =>
      rig!.calls.some(
        ({ name, input }) =>
          name === 'recordFailure' && (input as { outcome?: string }).outcome !== undefined,
      ),
    );
    expect(await handle.executeUpdate('rerunFailed', { args: [{ by: 'A. Berg' }] })).toEqual({ units: 1 });
    await until('it is recorded', () => rig!.called('recordBatchDecision') === 1);
    expect(rig.calls.find(({ name }) => name === 'recordBatchDecision')!.input).toMatchObject({
      decision: { verdict: 'rerun', by: 'A. Berg', detail: '1 unit' },
    });
    isWritable.resolve();
    await handle.cancel();
    await handle.result().catch(() => undefined);
  });

  it('on a unit and its chunk: what the unit was signed is judged as that of a unit that has ended', async () => {
    const certificate = { requestId: 'B/CL-2/k', serial: 'CL-2', attempt: 1, spkiSha256: 'k' };
    const handle = await startBatch({
      ...bad('CL-2'),
      unfinishedCertificates: async ({ after }) => ({ certificates: after === 0 ? [certificate] : [] }),
      judgeCertificates: async ({ certificates, isOver }) => ({
        passed: [],
        ended: isOver === true ? [...certificates] : [],
      }),
    });
    await until('one waits', async () => (await waitingOf()) === 1);
    // The chunk first, so that it does not record the end of the unit.
    await handleOf('batch/B/chunk-00001').terminate();
    await handleOf('unit/CL-2').terminate();
    await handle.result();
    const revoked = rig!.calls.filter(({ name }) => name === 'revokeCertificate');
    expect(revoked.at(-1)).toMatchObject({
      input: { unit: { serial: 'CL-2', attempt: 1 }, reason: 'not passed' },
    });
  });

  it('on a batch, which is started again: its chunk is taken up, its units are made once', async () => {
    let rows: readonly ChunkRow[] = ROWS;
    const handle = await startBatch({ ...bad('CL-2'), loadChunk: async () => [...rows] });
    await until('one waits', async () => (await waitingOf()) === 1);
    await handle.terminate();
    const second = await again();
    await until('it waits there too', async () => (await waitingOf()) === 1);
    rows = ROWS.map((each) => ({ ...each, outcome: each.serial === 'CL-2' ? 'HOLD' : 'PASS' }));
    await handleOf('unit/CL-2').executeUpdate('skip');
    expect(await second.result()).toMatchObject({ passed: 2, held: 1 });
    // By the chunk, and by the batch, which did not start it: has it ended? The batch may look again until it knows.
    expect(rig!.called('loadChunk')).toBeGreaterThanOrEqual(2);
    expect(rig!.called('registerDevice')).toBe(2);
  });

  it('on a batch, which is started again and then cancelled: it closes when its units have ended', async () => {
    const handle = await startBatch(bad('CL-2'));
    await until('one waits', async () => (await waitingOf()) === 1);
    await handle.terminate();
    const second = await again();
    await until('it waits there too', async () => (await waitingOf()) === 1);
    await second.cancel();
    await second.result().catch(() => undefined);
    expect(rig!.called('revokeCertificate')).toBe(1);
    expect(rig!.called('closeBatch')).toBe(1);
  });

  it('on a batch and its chunk: what had ended stays so, whatever ended it, and what runs is taken up', async () => {
    let rows: readonly ChunkRow[] = ROWS;
    const handle = await startBatch({
      ...bad('CL-2'),
      loadChunk: async () => [...rows],
      recordTermination: async ({ serial }) => ({ outcome: serial === 'CL-2' ? 'HOLD' : 'PASS', attempt: 1 }),
    });
    await until('one waits', async () => (await waitingOf()) === 1);
    await handle.terminate();
    await handleOf('batch/B/chunk-00001').terminate();
    rows = [{ ...row('CL-1'), outcome: 'PASS' }, row('CL-2'), { ...row('CL-3'), outcome: 'FAIL' }];
    expect(await (await again()).result()).toMatchObject({ passed: 1, failed: 1, held: 1 });
    expect(rig!.called('registerDevice')).toBe(2);
  });
});

describe('somebody pressed Reset on a batch', { timeout: 120_000 }, () => {
  const closed = { passed: 0, failed: 0, errors: 0, held: 0 };
  it.each([
    ['', undefined],
    [' of a run that continued an earlier one', { nextChunk: 1, open: [], closed }],
  ])('to its last event%s, when its chunk had ended meanwhile', async (_, resume) => {
    const handle = await startBatch(bad('CL-2'), resume);
    await until('one waits', async () => (await waitingOf()) === 1);
    await handle.terminate();
    await handleOf('unit/CL-2').executeUpdate('skip');
    await handleOf('batch/B/chunk-00001').result();
    const reset = await resetTo(rig!, 'batch/B', 'last');
    await reset.result();
    // Two looks at the chunk may be under way, and the batch waits for the first of them.
    expect(rig!.called('closeBatch')).toBe(1);
  });

  it.each(['first', 'last'] as const)(
    'to its %s event, and then Terminate on its chunk: it closes within moments',
    async (event) => {
      const handle = await startBatch({
        ...bad('CL-2'),
        recordTermination: async () => ({ outcome: 'PASS', attempt: 1 }),
      });
      await until('one waits', async () => (await waitingOf()) === 1);
      await handle.terminate();
      const reset = await resetTo(rig!, 'batch/B', event);
      await until('it has taken up its chunk', async () => (await waitingOf()) === 1);
      await handleOf('batch/B/chunk-00001').terminate();
      await reset.result();
      // What passed meanwhile is looked for again.
      expect(rig!.calls.slice(-2).map(({ name }) => name)).toEqual(['closeBatch', 'unfinishedCertificates']);
    },
  );

  it('to its first event, after it was paused and had closed: it closes again', async () => {
    let rows: readonly ChunkRow[] = ROWS;
    const handle = await startBatch({ ...bad('CL-2'), loadChunk: async () => [...rows] });
    await until('one waits', async () => (await waitingOf()) === 1);
    await handle.executeUpdate('pause', { args: [{ reason: 'lunch', by: 'A. Berg' }] });
    await handleOf('batch/B/chunk-00001').terminate();
    await handle.result();
    rows = ROWS.map((each) => ({ ...each, outcome: 'PASS' }));
    const reset = await resetTo(rig!, 'batch/B', 'first');
    expect(await reset.result()).toMatchObject({ passed: 3, held: 0 });
    expect(rig!.called('generateKeypair')).toBe(3);
  });

  it('to its last event, while it is cancelled: it closes', async () => {
    const handle = await startBatch(bad('CL-2'));
    await until('one waits', async () => (await waitingOf()) === 1);
    await handle.cancel();
    await until('it cancels its chunk', async () => {
      const { events } = await handle.fetchHistory();
      return events!.some((event) => event.externalWorkflowExecutionCancelRequestedEventAttributes);
    });
    const reset = await resetTo(rig!, 'batch/B', 'last');
    await reset.result().catch(() => undefined);
    expect(rig!.called('closeBatch')).toBeGreaterThan(0);
    expect(await reset.describe()).toMatchObject({ status: { name: 'CANCELLED' } });
  });

  it('to its first event: what had passed counts as passed', async () => {
    let rows: readonly ChunkRow[] = ROWS;
    const handle = await startBatch({ loadChunk: async () => [...rows] });
    await handle.result();
    rows = ROWS.map((each) => ({ ...each, outcome: 'PASS' }));
    const reset = await resetTo(rig!, 'batch/B', 'first');
    expect(await reset.result()).toMatchObject({ passed: 3, held: 0 });
    expect(rig!.called('registerDevice')).toBe(3);
  });
});

describe('somebody pressed Reset on a chunk', { timeout: 120_000 }, () => {
  it.each(['first', 'last'] as const)('to its %s event, after it was terminated: it ends', async (event) => {
    const handle = await startBatch(bad('CL-2'));
    await until('one waits', async () => (await waitingOf()) === 1);
    await handleOf('batch/B/chunk-00001').terminate();
    await handle.result();
    const reset = await resetTo(rig!, 'batch/B/chunk-00001', event);
    expect(await reset.result()).toMatchObject({ finished: true });
    expect(rig!.called('generateKeypair')).toBe(3);
  });

  // A supplement may have the units by now: then the registry says of them, but not of this chunk, that they have not ended.
  it.each<[string, (held: Promise<void>) => Partial<ScriptedActivities>]>([
    ['was paused', (held) => ({ flashCredentials: async () => await held })],
    [
      'was refused by the signer',
      () => ({
        releaseUnits: async () => {
          throw failure('QUOTA_EXCEEDED');
        },
      }),
    ],
  ])(
    'to its last event, which %s, and whose batch is closed: it ends and begins nothing',
    async (_, script) => {
      const held = Promise.withResolvers<void>();
      let rows: readonly ChunkRow[] = ROWS;
      rig = await startRig({ loadChunk: async () => [...rows], ...script(held.promise) });
      const options = { workflowId: 'batch/B', taskQueue: WORKFLOW_QUEUE };
      const handle = await rig.client.workflow.start('batch', {
        ...options,
        args: [{ ...BATCH, window: 1 }],
      });
      await until(
        'it stands',
        async () => rig!.called('flashCredentials') === 1 || (await waitingOf()) === ROWS.length,
      );
      await handle.executeUpdate('pause');
      const isTold = async (): Promise<boolean> =>
        (await handleOf('batch/B/chunk-00001').fetchHistory()).events?.some(
          ({ workflowExecutionSignaledEventAttributes: signal }) => signal?.signalName === 'setPace',
        ) === true;
      await until('the chunk knows', isTold);
      await handleOf('batch/B/chunk-00001').terminate();
      held.resolve();
      await handle.result();
      rows = ROWS.map((each) => ({ ...each, outcome: 'HOLD' }));
      const asked = rig.called('releaseUnits');
      const begun = rig.called('generateKeypair');
      const reset = await resetTo(rig, 'batch/B/chunk-00001', 'last');
      expect(await reset.result()).toMatchObject({ finished: true });
      expect(rig.called('releaseUnits')).toBe(asked);
      expect(rig.called('generateKeypair')).toBe(begun);
    },
  );

  it('to its last event: it begins no unit that has ended in the registry meanwhile', async () => {
    const asked = Promise.withResolvers<void>();
    rig = await startRig({
      loadChunk: async () => ROWS,
      flashCredentials: async () => await asked.promise,
      recordTermination: async () => ({ outcome: 'PASS', attempt: 1 }),
      recallUnit: async ({ serial }) =>
        serial === 'CL-2' ? { outcome: 'ERROR', code: 'CHUNK_LOST', attempt: 0 } : { attempt: 0 },
    });
    const options = { workflowId: 'batch/B', taskQueue: WORKFLOW_QUEUE };
    const handle = await rig.client.workflow.start('batch', { ...options, args: [{ ...BATCH, window: 1 }] });
    await until('the first unit is under way', () => rig!.called('flashCredentials') === 1);
    await resetTo(rig, 'batch/B/chunk-00001', 'last');
    asked.resolve();
    expect(await handle.result()).toMatchObject({ passed: 2, errors: 1 });
    const begun = rig.calls.filter(({ name }) => name === 'generateKeypair');
    expect(begun).toMatchObject([
      { input: { unit: { serial: 'CL-1' } } },
      { input: { unit: { serial: 'CL-3' } } },
    ]);
  });

  it.each([
    [
      'closed',
      async (batch: WorkflowHandle) =>
        batch.executeUpdate('close', { args: [{ as: 'short', reason: 'a test', by: 'A. Berg' }] }),
    ],
    ['cancelled', async (batch: WorkflowHandle) => batch.cancel()],
  ])(
    'to its first event, when its batch is being %s: units that were under way end and are counted',
    async (_, press) => {
      let loaded = Promise.resolve();
      const handle = await startBatch({
        ...bad('CL-2'),
        loadChunk: async () => (await loaded, ROWS),
        recallUnit: async ({ serial }) => ({ attempt: 1, outcome: serial === 'CL-2' ? 'HOLD' : 'PASS' }),
      });
      await until('one waits', async () => (await waitingOf()) === 1);
      // The registry is down, so the new run begins nothing before it hears of the end of the batch.
      const isBack = Promise.withResolvers<void>();
      loaded = isBack.promise;
      await resetTo(rig!, 'batch/B/chunk-00001', 'first');
      await press(handle);
      isBack.resolve();
      await handle.result().catch(() => undefined);
      expect(await handleOf('unit/CL-2').describe()).not.toMatchObject({ status: { name: 'RUNNING' } });
      expect(rig!.called('generateKeypair')).toBe(3);
    },
  );

  // Which of the two arrives first is chance.
  it.each([1, 2, 3, 4])(
    'to its first event, and it is cancelled in the moment in which it hears that a unit has not ended: it ends (%s)',
    async () => {
      const held = Promise.withResolvers<void>();
      let isReset = false;
      const handle = await startBatch({
        flashCredentials: async () => await held.promise,
        recallUnit: async ({ serial }) => {
          if (isReset && serial === 'CL-2') void handleOf('batch/B/chunk-00001').cancel();
          return { attempt: 0 };
        },
      });
      await until('all are under way', () => rig!.called('flashCredentials') === 3);
      isReset = true;
      const reset = await resetTo(rig!, 'batch/B/chunk-00001', 'first');
      await until('it asks', () => rig!.called('recallUnit') > 1);
      held.resolve();
      expect(await reset.result()).toMatchObject({ finished: true });
      await handle.result().catch(() => undefined);
      const { workflow } = rig!.client;
      await until(
        'nothing runs',
        async () => (await workflow.count('ExecutionStatus="Running"')).count === 0,
      );
    },
  );

  it.each(['first', 'last'] as const)('to its %s event, while its units end', async (event) => {
    const ended = new Map<string, NonNullable<ChunkRow['outcome']>>();
    const handle = await startBatch({
      ...bad('CL-2'),
      loadChunk: async () =>
        ROWS.map((each) => {
          const outcome = ended.get(each.serial);
          return outcome === undefined ? each : { ...each, outcome };
        }),
      registerDevice: async ({ unit }) => {
        ended.set(unit.serial, 'PASS');
      },
      recordTermination: async ({ serial }) => ({ outcome: ended.get(serial) ?? 'ERROR', attempt: 1 }),
      recordFailure: async ({ unit, outcome }) => {
        if (outcome !== undefined) ended.set(unit.serial, outcome);
      },
    });
    await until('one waits', async () => (await waitingOf()) === 1);
    await resetTo(rig!, 'batch/B/chunk-00001', event);
    await handleOf('unit/CL-2').executeUpdate('skip');
    expect(await handle.result()).toMatchObject({ passed: 2, held: 1, errors: 0 });
    expect(rig!.called('registerDevice')).toBe(2);
  });
});

describe('somebody deleted a workflow in Temporal', { timeout: 120_000 }, () => {
  const remove = async (workflowId: string): Promise<void> => {
    const { namespace } = rig!;
    await rig!.client.workflowService.deleteWorkflowExecution({
      namespace,
      workflowExecution: { workflowId },
    });
    await until(`${workflowId} is gone`, async () =>
      handleOf(workflowId)
        .describe()
        .then(
          () => false,
          () => true,
        ),
    );
  };

  it('a unit that waits: it ends as one that was terminated', async () => {
    const handle = await startBatch(bad('CL-2'));
    await until('one waits', async () => (await waitingOf()) === 1);
    await remove('unit/CL-2');
    expect(await handle.result()).toMatchObject({ passed: 2, errors: 1 });
    expect(rig!.called('recordTermination')).toBe(1);
  });

  it('a chunk: its batch closes when its units have ended', async () => {
    const handle = await startBatch(bad('CL-2'));
    await until('one waits', async () => (await waitingOf()) === 1);
    await remove('batch/B/chunk-00001');
    await handle.result();
    expect(rig!.called('revokeCertificate')).toBe(1);
    expect(rig!.calls.at(-1)!.name).toBe('closeBatch');
  });

  it('a batch, which is started again: it takes up its chunk', async () => {
    await startBatch(bad('CL-2'));
    await until('one waits', async () => (await waitingOf()) === 1);
    await remove('batch/B');
    const second = await again();
    await until('it waits there too', async () => (await waitingOf()) === 1);
    await handleOf('unit/CL-2').executeUpdate('skip');
    expect(await second.result()).toMatchObject({ passed: 2, held: 1 });
  });
});

describe('somebody pressed Request Cancellation on a batch', { timeout: 120_000 }, () => {
  const decisions = () =>
    rig!.calls
      .filter(({ name }) => name === 'recordBatchDecision')
      .map(
        ({ input }) => (input as { decision: { verdict: string; by?: string; reason?: string } }).decision,
      );

  it('its record says that no name was given, and its counts are those of the registry', async () => {
    const counts = { passed: 2, failed: 0, errors: 0, held: 1 };
    const handle = await startBatch({ ...bad('CL-2'), closeBatch: async () => counts });
    await until('one waits', async () => (await waitingOf()) === 1);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect(decisions()).toMatchObject([
      { verdict: 'cancel', reason: 'cancelled in Temporal, no name was given' },
    ]);
    expect(await handle.query<BatchProgress>('progress')).toMatchObject({ ...counts, attention: [] });
  });

  it('whoever announces it is on record instead', async () => {
    const handle = await startBatch(bad('CL-2'));
    await until('one waits', async () => (await waitingOf()) === 1);
    await handle.signal('announceCancel', { by: 'A. Berg', reason: 'wrong lot' });
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect(decisions()).toMatchObject([{ verdict: 'cancel', by: 'A. Berg', reason: 'wrong lot' }]);
  });
});
