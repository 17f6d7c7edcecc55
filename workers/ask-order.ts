import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { AskOrder } from '../manifests/check/order-issues.ts';
import { ManifestError } from '../manifests/manifest-error.ts';
import { ORDER_PATIENCE_MS, ORDER_QUESTION } from '../provisioning/order-check.ts';
import type { OrderQuestion, OrderReply } from '../provisioning/order-check.ts';
import { WORKFLOW_QUEUE } from '../provisioning/task-queues.ts';

/** Asks the signer of a line by way of Temporal, on whatever host it is. Throws MANIFEST_ORDER_UNASKED. */
export function askSigner(client: Client): AskOrder {
  return async (question: OrderQuestion): Promise<OrderReply> => {
    try {
      return await client.workflow.execute<(question: OrderQuestion) => Promise<OrderReply>>(ORDER_QUESTION, {
        workflowId: `order/${question.order}/${randomUUID()}`,
        taskQueue: WORKFLOW_QUEUE,
        workflowExecutionTimeout: ORDER_PATIENCE_MS + 10_000,
        args: [question],
        staticSummary: `May the order ${question.order} have ${question.quantity} units?`,
      });
    } catch (error) {
      const cause = new Error('the signer does not answer: make sure that its role runs', { cause: error });
      throw new ManifestError(
        'MANIFEST_ORDER_UNASKED',
        'ask the signer for the order',
        question.order,
        cause,
      );
    }
  };
}
