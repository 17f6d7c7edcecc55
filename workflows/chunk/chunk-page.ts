import { setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { ChunkInput, ChunkReport } from '../../provisioning/batch.ts';
import { batchDetails } from '../details/batch-details.ts';
import { brakeTrouble } from '../details/brake-trouble.ts';

/** Shows on the page of this workflow in the Temporal UI how the chunk is. It costs no event: the UI asks by query. */
export function showChunk({ batchId, chunk }: ChunkInput, report: ChunkReport): void {
  setCurrentDetails(
    batchDetails({
      namespace: workflowInfo().namespace,
      batchId,
      title: `Chunk ${chunk} of batch ${batchId}`,
      units: report.units,
      counts: report,
      refused: report.refused,
      ...(report.brake && { trouble: [brakeTrouble(batchId, report.brake)] }),
      isChunk: true,
    }),
  );
}
