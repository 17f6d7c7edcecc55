import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import type { BatchInput, BatchProgress } from '../../provisioning/batch.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import { WORKFLOW_QUEUE } from '../../provisioning/task-queues.ts';
import { watchBoards } from '../../workers/board-watch.ts';
import { until } from '../support/until.ts';
import { goodActivities, PRODUCT, startRig } from '../workflows/rig.ts';

const LISTED = { name: 'listed-product', assignment: 'listed-board' } as const;

it('a batch says why it gets no board: no station runs for its product, its board is in no socket, or all sockets are busy', async () => {
  const release = Promise.withResolvers<void>();
  const rig = await startRig({
    loadChunk: async ({ batchId }) => {
      if (batchId === 'ABSENT') return [{ serial: 'CL-1', product: 'other-product' }];
      if (batchId === 'LISTED') return [{ serial: 'CL-2', product: LISTED.name, boardId: 'b0ff' }];
      return [{ serial: batchId === 'WORKS' ? 'CL-3' : 'CL-4', product: PRODUCT }];
    },
    // The sockets are busy with CL-3.
    generateKeypair: async (input, ...rest) => {
      if (input.unit.serial === 'CL-4') await release.promise;
      return await goodActivities().generateKeypair(input, ...rest);
    },
    verifyReadback: async (...input) => {
      await release.promise;
      return await goodActivities().verifyReadback(...input);
    },
  });
  onTestFinished(async () => {
    release.resolve();
    await rig.stop();
  });
  const watch = watchBoards(rig.client, [LISTED], pino({ level: 'silent' }), 1_000);
  onTestFinished(() => watch.stop());
  const start = async (batchId: string) => {
    const named = { batchId, order: batchId, manifest: 'lot.csv', manifestSha256: 'ab'.repeat(32) };
    const args: [BatchInput] = [{ ...named, quantity: 1, window: 4 }];
    const workflowId = `batch/${batchId}`;
    return await rig.client.workflow.start('batch', { workflowId, taskQueue: WORKFLOW_QUEUE, args });
  };
  const names = ['ABSENT', 'LISTED', 'WORKS', 'WAITS'];
  const [absent, listed, works, waits] = await Promise.all(names.map(start));
  const troubleOf = async (batch = absent!) => (await batch.query<BatchProgress>('progress')).trouble ?? [];
  await until('three say so', async () => {
    const said = await Promise.all([absent, listed, waits].map(troubleOf));
    return said.map((trouble) => trouble[0]?.code).join() === 'NO_BOARD,NO_BOARD,SOCKETS_BUSY';
  });
  expect((await troubleOf(absent))[0]!.says).toContain('product other-product');
  expect((await troubleOf(listed))[0]!.says).toContain('certline batch priority LISTED 1');
  expect((await troubleOf(waits))[0]!.says).toContain('certline batch priority WAITS 1');
  expect(await troubleOf(works)).toEqual([]);
  await waits!.executeUpdate(MESSAGES.close, { args: [{ as: 'short', reason: 'no board' }] });
  await until('the one that waits is over', async () => (await waits!.describe()).status.name !== 'RUNNING');
});
