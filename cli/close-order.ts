import { existsSync } from 'node:fs';
import { OrderDesk } from '../pki/order-desk.ts';
import { openSqliteLedger } from '../pki/sqlite-ledger.ts';
import { orderSourcesOf } from '../workers/line-orders.ts';
import { ledgerPath } from '../workers/state-folder.ts';
import { CommandError } from './exit-status.ts';
import type { Invocation } from './invocation.ts';
import { printLine } from './stdout.ts';

/**
 * `certline order close`. An order that the signer has not met yet is admitted first, so that it can be closed. Throws
 * ORDER_UNKNOWN, ORDER_INVALID, `unknown` where there is no signer's ledger.
 */
export async function closeOrder({ stateFolder, config }: Invocation, id: string): Promise<void> {
  const path = ledgerPath(stateFolder);
  if (!existsSync(path))
    throw new CommandError('unknown', `There is no ledger ${path}: close the order on the signer's host.`);
  const ledger = openSqliteLedger(path);
  try {
    if ((await ledger.orderStanding(id)) === undefined)
      await new OrderDesk(orderSourcesOf(stateFolder, config), ledger).admit(id);
    await ledger.closeOrder(id);
    const { released, quantity } = (await ledger.orderStanding(id))!;
    printLine(`Order ${id} is closed for good, with ${released} of ${quantity} units released`);
  } finally {
    await ledger.close();
  }
}
