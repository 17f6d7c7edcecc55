import { proxyActivities } from '@temporalio/workflow';
import { ORDER_PATIENCE_MS } from '../../provisioning/order-check.ts';
import type { OrderQuestion, OrderReply } from '../../provisioning/order-check.ts';
import type { SignerActivities } from '../../provisioning/signing.ts';
import { SIGNER_QUEUE } from '../../provisioning/task-queues.ts';

const signer = proxyActivities<Pick<SignerActivities, 'askOrder'>>({
  taskQueue: SIGNER_QUEUE,
  scheduleToCloseTimeout: ORDER_PATIENCE_MS,
});

/** Asks the signer, which alone has the orders, whether an order allows a manifest. It books nothing. */
export async function askOrder(question: OrderQuestion): Promise<OrderReply> {
  return await signer.askOrder(question);
}
