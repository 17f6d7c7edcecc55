import { afterEach, expect, it } from 'vitest';
import type { BatchProgress } from '../../provisioning/batch.ts';
import { WORKFLOW_QUEUE } from '../../provisioning/task-queues.ts';
import { until } from '../support/until.ts';
import { PRODUCT, startRig } from '../workflows/rig.ts';
import type { Rig } from '../workflows/rig.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const REPORT = { chunk: 1, units: 2, started: 2, passed: 2, failed: 0, errors: 0, held: 0, attention: [] };
const END = { ...REPORT, draining: true, refused: false, finished: true };

it('a forged report ends no batch while its units are under way', { timeout: 120_000 }, async () => {
  const board = Promise.withResolvers<void>();
  rig = await startRig({
    loadChunk: async () => ['CL-1', 'CL-2'].map((serial) => ({ serial, product: PRODUCT })),
    flashCredentials: () => board.promise,
    closeBatch: async () => ({ passed: 2, failed: 0, errors: 0, held: 0 }),
  });
  const named = { batchId: 'B', order: 'PO-1', manifest: 'lot.csv', manifestSha256: 'ab'.repeat(32) };
  const handle = await rig.client.workflow.start('batch', {
    workflowId: 'batch/B',
    taskQueue: WORKFLOW_QUEUE,
    args: [{ ...named, quantity: 2, window: 4 }],
  });
  await until('both are being flashed', () => rig!.called('flashCredentials') === 2);
  for (const sequence of [7, Number.MAX_SAFE_INTEGER])
    await handle.signal('chunkReport', { ...END, sequence });
  const progress = (): Promise<BatchProgress> => handle.query('progress');
  await until('it was heard', async () => (await progress()).passed === 2);
  expect((await progress()).openChunks).toBe(1);
  expect(rig.called('closeBatch')).toBe(0);
  board.resolve();
  expect(await handle.result()).toMatchObject({ passed: 2, openChunks: 0 });
  expect(rig.called('registerDevice')).toBe(2);
});
