import { readdirSync } from 'node:fs';
import { isThere } from '../../disk/is-there.ts';
import type { OrderStanding } from '../../pki/orders/order-policy.ts';
import { checkTerms, ORDER_FILE_SUFFIX, readOrder, readSerials } from '../../pki/orders/order-desk.ts';
import type { OrderSources, OrderTerms } from '../../pki/orders/order-desk.ts';
import type { SignedOrder } from '../../pki/orders/order.ts';
import { readVerifierKeys } from '../../pki/keys/verifier-key-file.ts';
import { shownTime } from '../terminal/words.ts';
import { failure, ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** A larger or longer revision has to be asked for, signed and carried here. */
const SOON_MS = 7 * 86_400_000;

/** The ledger's record of an order; undefined where it has none. */
export type OrderStandings = (order: string) => Promise<OrderStanding | undefined>;

/** The release keys that the signer trusts, and the orders that it finds: one finding for those that are in order. */
export async function checkOrders(
  sources: OrderSources,
  standingOf: OrderStandings,
  terms: OrderTerms,
  now: Date = new Date(),
): Promise<Finding[]> {
  const findings = [checkReleaseKeys(sources.releaseKeys)];
  const orders = ordersIn(sources.folder);
  const troubles: Finding[] = [];
  for (const order of orders) {
    const trouble = await checkOrder(order, sources, { standingOf, terms, now });
    if (trouble !== undefined) troubles.push(trouble);
  }
  findings.push(summary(sources.folder, orders.length, orders.length - troubles.length), ...troubles);
  return findings;
}

function checkReleaseKeys(path: string): Finding {
  try {
    const keys = readVerifierKeys(path);
    if (keys.length > 0) return ok('release keys', `${path}: ${keys.map(({ name }) => name).join(', ')}`);
    const says = `none in ${path}, so no order is valid: add the text of the OEM's .vkey file there`;
    return warn('release keys', says);
  } catch (error) {
    return failure('release keys', error);
  }
}

/** The numbers of the orders in a folder, sorted; none where there is no folder. */
export function ordersIn(folder: string): string[] {
  const names = isThere(folder) ? readdirSync(folder).toSorted() : [];
  return names
    .filter((name) => name.endsWith(ORDER_FILE_SUFFIX))
    .map((name) => name.slice(0, -ORDER_FILE_SUFFIX.length));
}

function summary(folder: string, all: number, good: number): Finding {
  if (all === 0)
    return warn('orders', `none in ${folder}, so no unit is released: copy the OEM's signed order there`);
  return ok('orders', `${folder}: ${all}, of which ${good} need no attention`);
}

/** What somebody should do about an order; undefined where that is nothing. */
async function checkOrder(
  id: string,
  sources: OrderSources,
  { standingOf, terms, now }: { standingOf: OrderStandings; terms: OrderTerms; now: Date },
): Promise<Finding | undefined> {
  try {
    const order = readOrder(sources, id);
    checkTerms(order, terms);
    readSerials(sources.folder, order);
    const says = troubleOf(order, await standingOf(id), now);
    return says === undefined ? undefined : warn(`order ${id}`, says);
  } catch (error) {
    return failure(`order ${id}`, error);
  }
}

/** What somebody should do about an order, as its file and the ledger have it; undefined where that is nothing. */
export function troubleOf(
  order: SignedOrder,
  standing: OrderStanding | undefined,
  now: Date,
): string | undefined {
  const { quantity, revision, closes } = order;
  if (standing?.closedAt !== undefined) return undefined;
  if (standing !== undefined && standing.revision > revision)
    return `is revision ${revision}, and the signer knows ${standing.revision}: copy the newest file here`;
  if (Date.parse(closes) <= now.getTime())
    return `expired on ${shownTime(closes)}: close it (certline order close ${order.order}), or have a longer revision signed`;
  if (standing !== undefined && standing.released >= quantity)
    return `is exhausted (${quantity} units released): close it when they are delivered, or have a larger revision signed`;
  if (Date.parse(closes) - now.getTime() < SOON_MS)
    return `expires on ${shownTime(closes)}: have a longer revision signed if units will be left then`;
  return undefined;
}
