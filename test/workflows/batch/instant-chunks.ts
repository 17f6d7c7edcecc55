import { condition, getExternalWorkflowHandle } from '@temporalio/workflow';
import type { ChunkInput, ChunkReport } from '../../../provisioning/batch.ts';
import { batchWorkflowId } from '../../../provisioning/workflow-ids.ts';
import { passedChunk } from './passed-chunk.ts';

export { batch } from '../../../workflows/batch/batch.ts';

/** A chunk whose units all pass at once: what is under test is the batch. */
export async function chunk(input: ChunkInput): Promise<ChunkReport> {
  const report = passedChunk(input.chunk);
  await getExternalWorkflowHandle(batchWorkflowId(input.batchId)).signal('chunkReport', report);
  return report;
}

/** A chunk of an earlier run: it is there, and says nothing by itself. */
export async function silentChunk(): Promise<void> {
  await condition(() => false);
}
