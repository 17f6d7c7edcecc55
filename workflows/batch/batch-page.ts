import { setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { BatchProgress } from '../../provisioning/batch.ts';
import type { LineTrouble } from '../../provisioning/line-trouble.ts';
import { batchDetails } from '../details/batch-details.ts';

/** Shows on the page of this workflow in the Temporal UI how the batch is. It costs no event: the UI asks by query. */
export function showBatch(now: BatchProgress, trouble: readonly LineTrouble[]): void {
  const { batchId, manifest, order, quantity, refused, pause, priority, supplement, closing } = now;
  const before = priority === undefined ? '' : `, priority ${priority}`;
  const run = supplement === undefined ? '' : `, supplement ${supplement}`;
  setCurrentDetails(
    batchDetails({
      namespace: workflowInfo().namespace,
      batchId,
      title: `${manifest}, order ${order}${run}${before}${closing === undefined ? '' : ', being closed'}`,
      units: quantity,
      counts: now,
      refused,
      pause,
      trouble,
    }),
  );
}
