import { readOrder } from '../../pki/orders/order-desk.ts';
import { orderSourcesOf } from '../../line/orders.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';
import { printLine } from '../terminal/stdout.ts';

/**
 * `certline order close`. An order that the signer has not met yet is admitted first, so that it can be closed. Throws
 * ORDER_UNKNOWN, ORDER_INVALID, `unknown` where there is no signer's ledger.
 */
export async function closeOrder(invocation: Invocation, id: string): Promise<void> {
  const { stateFolder, config } = invocation;
  await withLedger(invocation, 'command', async (ledger) => {
    if ((await ledger.orders.orderStanding(id)) === undefined)
      await ledger.orders.admitOrder(readOrder(orderSourcesOf(stateFolder, config), id));
    await ledger.orders.closeOrder(id);
    const { released, quantity } = (await ledger.orders.orderStanding(id))!;
    printLine(`Order ${id} is closed permanently, with ${released} of ${quantity} units released`);
  });
}
