import { condition, getExternalWorkflowHandle } from '@temporalio/workflow';
import { CHUNK_SIZE } from '../../../provisioning/batch.ts';
import type { ChunkInput, ChunkReport } from '../../../provisioning/batch.ts';
import { batchWorkflowId } from '../../../provisioning/workflow-ids.ts';

export { batch } from '../../../workflows/batch/batch.ts';

/** A chunk whose units all pass at once: what is under test is the batch. */
export async function chunk(input: ChunkInput): Promise<ChunkReport> {
  const report: ChunkReport = {
    chunk: input.chunk,
    sequence: 1,
    units: CHUNK_SIZE,
    started: CHUNK_SIZE,
    passed: CHUNK_SIZE,
    failed: 0,
    errors: 0,
    held: 0,
    attention: [],
    draining: true,
    refused: false,
    finished: true,
  };
  await getExternalWorkflowHandle(batchWorkflowId(input.batchId)).signal('chunkReport', report);
  return report;
}

/** A chunk of an earlier run: it is there, and says nothing by itself. */
export async function silentChunk(): Promise<void> {
  await condition(() => false);
}
