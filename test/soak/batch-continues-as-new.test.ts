import { expect, it } from 'vitest';
import { CHUNK_SIZE } from '../../provisioning/batch.ts';
import { WORKFLOW_QUEUE } from '../../provisioning/task-queues.ts';
import { instantChunks, startRig } from '../workflows/rig.ts';

// A run is asked to continue as new after 4,096 events; a chunk is about a dozen.
const CHUNKS = 450;

it('a batch continues as new over many chunks and loses none', async () => {
  const rig = await startRig({}, { workflowBundle: await instantChunks() });
  try {
    const rows = CHUNKS * CHUNK_SIZE;
    const handle = await rig.client.workflow.start('batch', {
      workflowId: 'batch/B',
      taskQueue: WORKFLOW_QUEUE,
      args: [{ batchId: 'B', order: 'PO-1', manifest: 'lot.csv', rows, window: 4 }],
    });
    const { runId } = await handle.describe();
    expect(await handle.result()).toMatchObject({ passed: rows, openChunks: 0, chunks: CHUNKS });
    expect((await handle.describe()).runId).not.toBe(runId);
  } finally {
    await rig.stop();
  }
});
