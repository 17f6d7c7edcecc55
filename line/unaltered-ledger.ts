import { readdirSync } from 'node:fs';
import { isThere } from '../disk/is-there.ts';
import type { Ledger } from '../pki/ledger/ledger.ts';
import { altered } from '../pki/ledger/ledger-errors.ts';
import { ORDER_FILE_SUFFIX, readOrder } from '../pki/orders/order-desk.ts';
import type { OrderSources } from '../pki/orders/order-desk.ts';
import type { SignedOrder } from '../pki/orders/order.ts';

/**
 * In what a ledger disagrees with its audit log, and with the orders that are signed: a sentence for each, without its
 * full stop. Someone who has the audit key can rewrite ledger and log, but not an order.
 */
export async function ledgerFindings(ledger: Ledger, sources: OrderSources): Promise<string[]> {
  const found = await ledger.verification.findings();
  const names = isThere(sources.folder) ? readdirSync(sources.folder) : [];
  for (const name of names.filter((each) => each.endsWith(ORDER_FILE_SUFFIX))) {
    const signed = readIfGood(sources, name.slice(0, -ORDER_FILE_SUFFIX.length));
    const known = signed && (await ledger.orders.orderStanding(signed.order));
    if (signed === undefined || known?.revision !== signed.revision || known.sha256 === signed.sha256)
      continue;
    found.push(`revision ${signed.revision} of the order ${signed.order} is not the one that is signed`);
  }
  return found;
}

/**
 * Throws LEDGER_STALE, with the first finding, for a ledger that is not what its audit log says. An order that is not the
 * signed one is refused when it is needed, alone: its file may be wrong, and not the ledger.
 */
export async function assertUnaltered(ledger: Ledger): Promise<void> {
  const [first] = await ledger.verification.findings();
  if (first !== undefined) throw altered(first);
}

/** An order that is not good is refused when it is needed. */
function readIfGood(sources: OrderSources, id: string): SignedOrder | undefined {
  try {
    return readOrder(sources, id);
  } catch {
    return undefined;
  }
}
