// Anybody who reaches Temporal can send signals to a workflow, and a server takes 10,000 of them for one run.
import type { WorkflowHandle } from '@temporalio/client';
import { expect, it, onTestFinished } from 'vitest';
import type { BatchProgress } from '../../provisioning/batch.ts';
import { WORKFLOW_QUEUE } from '../../provisioning/task-queues.ts';
import { until } from '../support/until.ts';
import { failure, PRODUCT, startRig } from '../workflows/rig.ts';

/** More than a run of a batch may have before it is asked to continue as new; at once, they take seconds of its thread. */
const FLOOD = 4_500;
const AT_ONCE = 100;

const SERIALS = ['CL-1', 'CL-2'];

/** What a stranger sends: nonsense, reports of parts of the line that are nowhere, ends that are none, and cancellations by nobody. */
const MESSAGES = [
  ['chunkReport', { chunk: 1, finished: true, passed: 99 }],
  ['chunkReport', 'nonsense'],
  ['lineReport', { station: 'st-99' }],
  ['announceCancel', { reason: 'x'.repeat(1_000), by: 'nobody' }],
] as const;

/** Sends them as fast as the server takes them, also while it takes no more. Returns how many it took. */
async function flood(handle: WorkflowHandle, count: number): Promise<number> {
  let taken = 0;
  for (let sent = 0; sent < count; sent += AT_ONCE)
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, at) => {
        const [name, argument] = MESSAGES[(sent + at) % MESSAGES.length]!;
        await handle.signal<[unknown]>(name, argument).then(
          () => (taken += 1),
          () => undefined,
        );
      }),
    );
  return taken;
}

it('a batch takes a flood of signals, and ends as if there had been none', async () => {
  const bad = new Set(['CL-2']);
  const rig = await startRig({
    loadChunk: async () => SERIALS.map((serial) => ({ serial, product: PRODUCT })),
    flashCredentials: async ({ unit }) => {
      if (bad.has(unit.serial)) throw failure('SMP_DEVICE_ERROR');
    },
  });
  onTestFinished(() => rig.stop());
  const terms = {
    batchId: 'B',
    order: 'PO-1',
    manifest: 'lot.csv',
    manifestSha256: 'ab'.repeat(32),
    window: 4,
  };
  const handle = await rig.client.workflow.start('batch', {
    workflowId: 'batch/B',
    taskQueue: WORKFLOW_QUEUE,
    args: [{ ...terms, quantity: SERIALS.length }],
  });
  const attention = async () => (await handle.query<BatchProgress>('progress')).attention;
  await until('one waits', async () => (await attention()).length === bad.size);
  const { runId } = await handle.describe();

  expect(await flood(handle, FLOOD)).toBe(FLOOD);

  const hasContinued = async (): Promise<boolean> => (await handle.describe()).runId !== runId;
  await until('it continues as new', hasContinued, 120_000);
  expect((await handle.describe()).status.name).toBe('RUNNING');
  expect((await attention()).map(({ serial }) => serial)).toEqual([...bad]);
  bad.clear();
  await handle.executeUpdate('rerunFailed', { args: [{ serials: ['CL-2'] }] });
  expect(await handle.result()).toMatchObject({ passed: SERIALS.length, openChunks: 0 });
});
