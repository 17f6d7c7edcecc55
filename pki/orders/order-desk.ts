import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isOrderNumber } from '../../provisioning/order-number.ts';
import { openOrder } from './order.ts';
import type { SignedOrder } from './order.ts';
import { PkiError } from '../pki-error.ts';
import { readVerifierKeys } from '../keys/verifier-key-file.ts';

/** An order with a hundred products is a fiftieth of this. */
const MAX_FILE_LENGTH = 65_536;

/** Where a signer finds its orders, `<order>.order`, and the public release keys that it trusts. */
export interface OrderSources {
  readonly folder: string;
  readonly releaseKeys: string;
}

/** What files of orders end with. */
export const ORDER_FILE_SUFFIX = '.order';

/** File of an order in the signer's folder. */
export const orderFileName = (order: string): string => `${order}${ORDER_FILE_SUFFIX}`;

/**
 * The signed order of this number. Throws ORDER_UNKNOWN when there is no file for it or no release key is trusted,
 * ORDER_INVALID when the file is not a good order.
 */
export function readOrder({ folder, releaseKeys }: OrderSources, id: string): SignedOrder {
  if (!isOrderNumber(id)) throw unknownOrder(id.slice(0, 40), 'it is not a valid order number');
  const path = join(folder, orderFileName(id));
  const text = readOrderFile(path);
  if (text === undefined) throw unknownOrder(id, `there is no ${path}`);
  const order = openOrder(text, readVerifierKeys(releaseKeys), `The order ${path}`);
  if (order.order === id) return order;
  const message = `The file ${path} contains the order ${order.order}: give the file the name of its order.`;
  throw new PkiError('ORDER_INVALID', message, { reason: 'name' });
}

/** The text of an order's file; undefined when there is none. Throws ORDER_INVALID when it is too large to be one. */
export function readOrderFile(path: string): string | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) return undefined;
  if (size <= MAX_FILE_LENGTH) return readFileSync(path, 'utf8');
  throw new PkiError(
    'ORDER_INVALID',
    `The file ${path} is too large for an order: put the signed order there.`,
    { reason: 'size' },
  );
}

/** Where admitted orders are recorded. */
export interface OrderBook {
  /**
   * Takes an order, or a later revision of it, whose signature was verified; idempotent. Throws ORDER_INVALID when it
   * is another one of the same or an earlier revision, or allows less than is used.
   */
  admitOrder(order: SignedOrder): Promise<void>;
}

/** Brings orders from their folder into the ledger, which counts against them. */
export class OrderDesk {
  readonly #sources: OrderSources;
  readonly #ledger: OrderBook;
  /** What the files looked like when they were last admitted: as long as that stays, they are not read again. */
  readonly #seen = new Map<string, string>();

  constructor(sources: OrderSources, ledger: OrderBook) {
    this.#sources = sources;
    this.#ledger = ledger;
  }

  /** Verifies the order and lets the ledger know it; idempotent. Throws ORDER_UNKNOWN, ORDER_INVALID. */
  async admit(id: string): Promise<void> {
    const look = this.#look(id);
    if (look !== undefined && this.#seen.get(id) === look) return;
    const order = readOrder(this.#sources, id);
    await this.#ledger.admitOrder(order);
    if (look !== undefined) this.#seen.set(id, look);
  }

  /** Undefined where there is nothing to look at. */
  #look(id: string): string | undefined {
    if (!isOrderNumber(id)) return undefined;
    const { folder, releaseKeys } = this.#sources;
    const looks = [join(folder, orderFileName(id)), releaseKeys].map((path) => {
      const stats = statSync(path, { throwIfNoEntry: false, bigint: true });
      return stats && `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
    });
    return looks.includes(undefined) ? undefined : looks.join();
  }
}

function unknownOrder(id: string, why: string): PkiError {
  return new PkiError(
    'ORDER_UNKNOWN',
    `The signer has no order ${id} (${why}): put the signed order into its folder of orders.`,
  );
}
