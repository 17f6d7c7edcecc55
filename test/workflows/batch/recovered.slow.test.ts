import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, describe, expect, it } from 'vitest';
import type { BatchInput, BatchProgress, Ending, Recovery } from '../../../provisioning/batch.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import { PRODUCT, startRig } from '../rig.ts';
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
  window: 1,
};
const DECIDED = { reason: 'enough', by: 'A. Berg', decidedAt: '2026-11-30T12:00:00.000Z' };

async function start(recovery?: Recovery): Promise<WorkflowHandle> {
  const options = { workflowId: 'batch/B', taskQueue: WORKFLOW_QUEUE };
  const args: [BatchInput] = [{ ...BATCH, ...(recovery && { recovery }) }];
  return await rig!.client.workflow.start('batch', { ...options, args });
}

const inputsOf = (called: keyof ScriptedActivities): unknown[] =>
  rig!.calls.filter(({ name }) => name === called).map(({ input }) => input as unknown);

/** A batch of two chunks: SLOW is under way and NEVER has not begun; terminated, and recovered as it was being ended. */
async function recovered(verdict: Ending['decision']['verdict'], chunks: readonly number[]) {
  const gate = Promise.withResolvers<void>();
  rig = await startRig({
    loadChunk: async () => ['SLOW', 'NEVER'].map((serial) => ({ serial, product: PRODUCT })),
    flashCredentials: () => gate.promise,
    closeBatch: async () => ({ passed: 1, failed: 0, errors: 0, held: 299 }),
  });
  await start();
  await until('it is under way', () => rig!.called('flashCredentials') === 1);
  await rig.client.workflow.getHandle('batch/B').terminate();
  const decision = { verdict, ...DECIDED };
  const handle = await start({
    mode: 'continue',
    decision: { verdict: 'recover', decidedAt: DECIDED.decidedAt },
    ending: { decision, chunks },
  });
  return { handle, finish: gate.resolve };
}

const chunk = () => rig!.client.workflow.getHandle('batch/B/chunk-00001');

/** Waits for what the history of the chunk names. */
async function chunkHas(what: string): Promise<void> {
  await until(`its chunk has ${what}`, async () =>
    JSON.stringify(await chunk().fetchHistory()).includes(what),
  );
}

describe('a batch that was being ended when it was terminated', { timeout: 60_000 }, () => {
  it('goes on being closed: units under way pass, others never begin', async () => {
    const { handle, finish } = await recovered('close', [1]);
    await until('it says so', async () => {
      const { closing } = await handle.query<BatchProgress>('progress');
      return closing?.by === 'A. Berg';
    });
    await chunkHas('closeUnits');
    finish();
    expect(await handle.result()).toMatchObject({ passed: 1, held: 299 });
    const begun = inputsOf('generateKeypair').map((input) => (input as { unit: object }).unit);
    expect(begun).toMatchObject([{ serial: 'SLOW' }]);
    expect(inputsOf('closeBatch')).toEqual([{ batchId: 'B', cancelled: false, closed: true }]);
    expect(inputsOf('loadChunk').filter((input) => (input as { chunk: number }).chunk === 2)).toEqual([]);
  });

  it.each(['cancel', 'withdraw'] as const)(
    'is cancelled after %s, and gives back what never began',
    async (verdict) => {
      const { handle, finish } = await recovered(verdict, [1]);
      finish();
      await handle.result();
      expect(inputsOf('closeBatch')).toEqual([{ batchId: 'B', cancelled: true }]);
      expect(inputsOf('neverBegun')).toHaveLength(1);
      const begun = inputsOf('generateKeypair').map((input) => (input as { unit: object }).unit);
      expect(begun).toMatchObject([{ serial: 'SLOW' }]);
      expect(inputsOf('recordBatchDecision')).toMatchObject([{ decision: { verdict: 'recover' } }]);
    },
  );

  it('is cancelled, too, where somebody terminates a chunk of the run before that is being cancelled', async () => {
    const { handle, finish } = await recovered('cancel', [1]);
    await chunkHas('workflowExecutionCancelRequestedEventAttributes');
    await chunk().terminate();
    finish();
    await handle.result();
    expect(inputsOf('closeBatch')).toEqual([{ batchId: 'B', cancelled: true }]);
  });

  it('closes where its chunks have ended meanwhile', async () => {
    const { handle, finish } = await recovered('close', []);
    finish();
    expect(await handle.result()).toMatchObject({ passed: 1, held: 299 });
  });
});
