import { readOrder } from '../../pki/orders/order-desk.ts';
import { orderSourcesOf } from '../../line/orders.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';
import { tell } from '../terminal/stdout.ts';

/**
 * `certline order close`. An order that the signer has not met yet is admitted first, so that it can be closed. Throws
 * ORDER_UNKNOWN, ORDER_INVALID, `unknown` where there is no signer's ledger.
 */
export async function closeOrder(
  invocation: Invocation,
  id: string,
  options: { readonly json?: boolean },
): Promise<void> {
  const { stateFolder, config } = invocation;
  await withLedger(invocation, 'update', async (ledger) => {
    if ((await ledger.orders.orderStanding(id)) === undefined)
      await ledger.orders.admitOrder(readOrder(orderSourcesOf(stateFolder, config), id));
    await ledger.orders.closeOrder(id);
    const { released, quantity, closedAt } = (await ledger.orders.orderStanding(id))!;
    tell(
      options.json,
      { order: id, released, quantity, closedAt },
      `Order ${id} is closed permanently, with ${released} of ${quantity} units released`,
    );
  });
}
