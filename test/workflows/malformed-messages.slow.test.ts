import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { afterEach, describe, expect, it } from 'vitest';
import type { BatchProgress } from '../../provisioning/batch.ts';
import { WORKFLOW_QUEUE } from '../../provisioning/task-queues.ts';
import { failure, PRODUCT, startRig } from './rig.ts';
import type { Rig } from './rig.ts';
import { until } from '../support/until.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

/** A batch with these units, whose boards are bad for as long as `bad` names them. */
async function startBatch(serials: readonly string[], bad: Set<string>): Promise<WorkflowHandle> {
  rig = await startRig({
    loadChunk: async () => serials.map((serial) => ({ serial, product: PRODUCT })),
    flashCredentials: async ({ unit }) => {
      if (bad.has(unit.serial)) throw failure('SMP_DEVICE_ERROR');
    },
  });
  const handle = await rig.client.workflow.start('batch', {
    workflowId: 'batch/B',
    taskQueue: WORKFLOW_QUEUE,
    args: [
      {
        batchId: 'B',
        order: 'PO-1',
        manifest: 'lot.csv',
        manifestSha256: '',
        quantity: serials.length,
        window: 4,
      },
    ],
  });
  await until('they wait', async () => (await progressOf(handle)).attention.length === bad.size);
  return handle;
}

const progressOf = (handle: WorkflowHandle) => handle.query<BatchProgress>('progress');

/** The sentence with which an Update is refused. */
async function refusalOf(handle: WorkflowHandle, update: string, argument: unknown): Promise<string> {
  const error: unknown = await handle.executeUpdate<unknown, [unknown]>(update, { args: [argument] }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
  const cause = (error as WorkflowUpdateFailedError).cause as ApplicationFailure;
  expect(cause.failure?.stackTrace ?? '').toBe('');
  expect(cause.message).not.toMatch(/\.ts|at .*:\d+/);
  return cause.message;
}

describe('a message that is not as it must be', () => {
  it('changes nothing, and the workflows go on', async () => {
    const bad = new Set(['A1-00010', 'A1-00011', 'A1-00012']);
    const batch = await startBatch([...bad], bad);
    const chunk = rig!.client.workflow.getHandle('batch/B/chunk-00001');
    const unit = rig!.client.workflow.getHandle('unit/A1-00010');

    for (const update of ['retry', 'skip', 'scrap']) {
      expect(await refusalOf(unit, update, { reason: { a: 1 } })).toMatch(/"reason" must be text/);
      expect(await refusalOf(unit, update, 'plain text')).toMatch(/must be an object in braces/);
      expect(await refusalOf(unit, update, { resaon: 'x' })).toMatch(/unknown key "resaon"/);
    }
    expect(await refusalOf(batch, 'rerunFailed', { serial: ['A1-00011'] })).toMatch(/unknown key "serial"/);
    expect(await refusalOf(batch, 'rerunFailed', 'A1-00011')).toMatch(/must be an object in braces/);
    expect(await refusalOf(batch, 'rerunFailed', { codes: 5 })).toMatch(/"codes" must be a list/);
    for (const update of ['pause', 'resume', 'close', 'setWindow', 'setPriority', 'rerunFailed']) {
      const whole =
        { close: { as: 'short' }, setWindow: { units: 3 }, setPriority: { priority: 1 } }[update] ?? {};
      for (const [wrong, what] of [
        [{ ...whole, reason: 4711 }, /"reason" must be text/],
        [{ ...whole, by: ['A. Berg'] }, /"by" must be text/],
        [{ ...whole, resaon: 'x' }, /unknown key "resaon"/],
        [[whole], /must be an object in braces/],
        [7, /must be an object in braces/],
      ] as const)
        expect(await refusalOf(batch, update, wrong)).toMatch(what);
    }
    expect(await refusalOf(batch, 'close', { as: 'shrot' })).toMatch(/"as" must be/);
    expect(await refusalOf(batch, 'close', {})).toMatch(/"as"/);
    expect(await refusalOf(batch, 'setWindow', { units: '3' })).toMatch(/"units" must be/);
    const nobody = await refusalOf(batch, 'rerunFailed', { codes: ['BOARD_GONE'] });
    expect(nobody).toContain('3 units wait: ');
    for (const serial of bad) expect(nobody).toContain(`${serial} SMP_DEVICE_ERROR`);

    for (const junk of [undefined, null, 7, 'x', [], {}, { serial: 'A1-00010' }, { serials: 'A1-00010' }]) {
      await batch.signal('chunkReport', junk);
      await chunk.signal('unitAttention', junk);
      await chunk.signal('rerunUnits', junk);
      await chunk.signal('setPace', junk);
      await batch.signal('lineReport', junk);
      // Nothing, or an empty object, is how a person who gives no name closes and cancels.
      if (junk !== undefined && JSON.stringify(junk) !== '{}') {
        await chunk.signal('closeUnits', junk);
        await batch.signal('announceCancel', junk);
      }
      if (junk !== undefined) await unit.signal('retry', junk === null ? junk : { junk });
    }
    expect(await progressOf(batch)).toMatchObject({ passed: 0, openChunks: 1 });
    expect((await progressOf(batch)).attention).toHaveLength(3);
    expect(rig!.called('generateKeypair')).toBe(3);

    bad.clear();
    const rerun = { serials: ['a1-00011', 'A1-00011'], reason: 'new board', by: 'A. Berg' };
    await expect(batch.executeUpdate('rerunFailed', { args: [rerun] })).resolves.toEqual({ units: 1 });
    await until('it passed', async () => (await progressOf(batch)).passed === 1);
    await expect(batch.executeUpdate('rerunFailed', { args: [{}] })).resolves.toEqual({ units: 2 });
    expect(await batch.result()).toMatchObject({ passed: 3, attention: [] });
  }, 120_000);

  it('and that cannot even be decoded is ignored or refused: no workflow task fails', async () => {
    const bad = new Set(['A1-00010']);
    const batch = await startBatch([...bad], bad);
    const { workflowService } = rig!.client;
    const bytes = (text: string): Uint8Array => Buffer.from(text);
    const payloads = [
      { metadata: { encoding: bytes('binary/encrypted') }, data: bytes('x') },
      { metadata: { encoding: bytes('json/plain') }, data: bytes('{"reason"') },
      { data: bytes('{}') },
    ];
    const { namespace } = rig!;
    const signals: [string, string][] = [
      ['batch/B', 'chunkReport'],
      ['batch/B', 'announceCancel'],
      ['batch/B', 'lineReport'],
      ['batch/B/chunk-00001', 'unitAttention'],
      ['batch/B/chunk-00001', 'rerunUnits'],
      ['batch/B/chunk-00001', 'setPace'],
      ['unit/A1-00010', 'retry'],
    ];
    for (const [workflowId, signalName] of signals)
      for (const payload of payloads) {
        const input = { payloads: [payload] };
        const workflowExecution = { workflowId };
        await workflowService.signalWorkflowExecution({ namespace, workflowExecution, signalName, input });
      }
    for (const [workflowId, name] of [
      ['batch/B', 'rerunFailed'],
      ['batch/B', 'pause'],
      ['unit/A1-00010', 'skip'],
    ] as const)
      for (const payload of payloads) {
        const { outcome } = await workflowService.updateWorkflowExecution({
          namespace,
          workflowExecution: { workflowId },
          request: { meta: {}, input: { name, args: { payloads: [payload] } } },
          // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- COMPLETED; the enum is in no package that is ours to import
          waitPolicy: { lifecycleStage: 3 },
        });
        expect(outcome?.failure?.message).toContain(
          'must be an object in braces, but is "undecodable payload"',
        );
      }
    bad.clear();
    await rig!.client.workflow.getHandle('unit/A1-00010').executeUpdate('retry');
    expect(await batch.result()).toMatchObject({ passed: 1 });
    for (const workflowId of ['batch/B', 'batch/B/chunk-00001', 'unit/A1-00010']) {
      const { events } = await rig!.client.workflow.getHandle(workflowId).fetchHistory();
      expect(events!.filter((event) => event.workflowTaskFailedEventAttributes)).toEqual([]);
    }
  }, 120_000);
});
