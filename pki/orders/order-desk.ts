import { readFileSync, statSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../disk/errno.ts';
import { isOrderNumber } from '../../provisioning/order-number.ts';
import { KeptOrders } from './kept-orders.ts';
import { openOrder } from './order.ts';
import type { SignedOrder } from './order.ts';
import { PkiError } from '../pki-error.ts';
import { readVerifierKeys } from '../keys/verifier-key-file.ts';
import { serialListSha256 } from './serial-list.ts';

/** An order with a hundred products is a fiftieth of this. */
const MAX_FILE_LENGTH = 65_536;

/** Five million serials of 12 characters. */
const MAX_LIST_LENGTH = 64 * 1_048_576;

/** Where a signer finds its orders, `<order>.order`, and the public release keys that it trusts. */
export interface OrderSources {
  readonly folder: string;
  readonly releaseKeys: string;
}

/** What a signer requires of an order beyond a good signature. */
export interface OrderTerms {
  /** The names under which an order may be for this signer: its audit key, and the fingerprint of its factory CA. */
  readonly signerNames: readonly string[];
  /** Whether an order must say which serials or which manifest it is for, and for which signer. */
  readonly isStrict: boolean;
}

/** What files of orders end with. */
export const ORDER_FILE_SUFFIX = '.order';

/** File of an order in the signer's folder. */
export const orderFileName = (order: string): string => `${order}${ORDER_FILE_SUFFIX}`;

/** File beside it with the serials that may be made, where the order has their digest. */
export const serialFileName = (order: string): string => `${order}.serials`;

/**
 * The signed order of this number. Throws ORDER_UNKNOWN when there is no file for it or no release key is trusted,
 * ORDER_INVALID when the file is not a good order.
 */
export function readOrder({ folder, releaseKeys }: OrderSources, id: string): SignedOrder {
  if (!isOrderNumber(id)) throw unknownOrder(id.slice(0, 40), 'it is not a valid order number');
  const name = orderFileName(id);
  const text = readOrderFile(join(folder, name));
  if (text === undefined) throw unknownOrder(id, `there is no ${name}`);
  const order = openOrder(text, readVerifierKeys(releaseKeys), `The order ${name}`);
  if (order.order === id) return order;
  const message = `The file ${name} contains the order ${order.order}: give the file the name of its order.`;
  throw new PkiError('ORDER_INVALID', message, { reason: 'name' });
}

/**
 * The text of an order's file; undefined when there is none. Throws ORDER_INVALID when it is too large to be one, a folder, or cannot
 * be read.
 */
export function readOrderFile(path: string): string | undefined {
  const stats = readable(path, () => statSync(path, { throwIfNoEntry: false }));
  if (stats === undefined) return undefined;
  if (stats.isDirectory()) throw notAnOrder(`${path} is a folder`, 'folder');
  if (stats.size <= MAX_FILE_LENGTH) return readable(path, () => readFileSync(path, 'utf8'));
  throw notAnOrder(`The file ${path} is too large for an order`, 'size');
}

/** What another try does not change: the file may have been copied by another user than the signer. */
const LASTING: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EISDIR', 'ELOOP', 'ENOTDIR']);

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined || !LASTING.has(errno)) throw error;
    const message = `The file ${path} cannot be read (${errno}): put a file there that the user of the signer can read.`;
    throw new PkiError('ORDER_INVALID', message, { reason: 'unreadable', cause: error });
  }
}

/** The serials that an order lists; undefined where it lists none. Throws ORDER_INVALID. */
export function readSerials(
  folder: string,
  { order, serialsSha256 }: SignedOrder,
): ReadonlySet<string> | undefined {
  if (serialsSha256 === undefined) return undefined;
  const name = serialFileName(order);
  const path = join(folder, name);
  const size = readable(path, () => statSync(path, { throwIfNoEntry: false })?.size);
  if (size !== undefined && size > MAX_LIST_LENGTH) {
    const message = `The list ${name} has more than ${MAX_LIST_LENGTH} octets: sign several orders, each with a part of the serials.`;
    throw new PkiError('ORDER_INVALID', message, { reason: 'serials' });
  }
  const text = size === undefined ? undefined : readable(path, () => readFileSync(path, 'utf8'));
  if (text !== undefined && serialListSha256(text) === serialsSha256)
    return new Set(text.split('\n').slice(0, -1));
  const what = text === undefined ? 'is not in the folder of orders' : 'is not that list';
  const message = `The order ${order} names a list of serials, and ${name} ${what}: copy the list of the OEM there.`;
  throw new PkiError('ORDER_INVALID', message, { reason: 'serials' });
}

/** Throws ORDER_MISMATCH for an order that is for another signer, or says less than this signer requires. */
export function checkTerms(order: SignedOrder, { signerNames, isStrict }: OrderTerms): void {
  const { order: id, signer, serialsSha256, manifestSha256 } = order;
  if (signer !== undefined && !signerNames.includes(signer)) {
    const message = `The order ${id} is for the signer ${signer}, not for this one: use it there, or sign an order for this signer.`;
    throw new PkiError('ORDER_MISMATCH', message, { reason: 'signer' });
  }
  if (!isStrict || (signer !== undefined && (serialsSha256 ?? manifestSha256) !== undefined)) return;
  const missing = signer === undefined ? 'its signer' : 'its serials or its manifest';
  const message = `The order ${id} does not name ${missing}, and this signer requires that: sign a later revision that does.`;
  throw new PkiError('ORDER_MISMATCH', message, { reason: 'incomplete' });
}

/** Where admitted orders are recorded. */
export interface OrderBook {
  /**
   * Takes an order, or a later revision of it, whose signature was verified; idempotent. Throws ORDER_INVALID when it
   * is another one of the same or an earlier revision, or allows less than is used.
   */
  admitOrder(order: SignedOrder): Promise<void>;
}

/** An order that is valid now, and the serials that it lists; undefined where it lists none. */
export interface AdmittedOrder {
  readonly order: SignedOrder;
  readonly serials: ReadonlySet<string> | undefined;
}

/** Brings orders from their folder into the ledger, which counts against them. */
export class OrderDesk {
  readonly #sources: OrderSources;
  readonly #ledger: OrderBook;
  readonly #terms: OrderTerms;
  /** What the files looked like when they were last admitted: as long as that stays, they are not read again. */
  readonly #kept = new KeptOrders();

  /** Without `terms`, orders that name a signer are for another one. */
  constructor(
    sources: OrderSources,
    ledger: OrderBook,
    terms: OrderTerms = { signerNames: [], isStrict: false },
  ) {
    this.#sources = sources;
    this.#ledger = ledger;
    this.#terms = terms;
  }

  /** Verifies the order and lets the ledger know it; idempotent. Throws ORDER_UNKNOWN, ORDER_INVALID, ORDER_MISMATCH. */
  async admit(id: string): Promise<AdmittedOrder> {
    const look = this.#look(id);
    const kept = this.#kept.get(id, look);
    if (kept !== undefined) return kept;
    const order = readOrder(this.#sources, id);
    checkTerms(order, this.#terms);
    const admitted = { order, serials: readSerials(this.#sources.folder, order) };
    await this.#ledger.admitOrder(order);
    if (look !== undefined) this.#kept.keep(id, look, admitted);
    return admitted;
  }

  /** Undefined where there is nothing to look at. The list of serials may be missing. */
  #look(id: string): string | undefined {
    if (!isOrderNumber(id)) return undefined;
    const { folder, releaseKeys } = this.#sources;
    const [list, ...looks] = [
      join(folder, serialFileName(id)),
      join(folder, orderFileName(id)),
      releaseKeys,
    ].map((path) => {
      const stats = lookAt(path);
      return stats && `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
    });
    return looks.includes(undefined) ? undefined : [list ?? '', ...looks].join();
  }
}

/** Undefined also where it cannot be looked at: who reads the file says why. */
function lookAt(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false, bigint: true });
  } catch {
    return undefined;
  }
}

function notAnOrder(what: string, reason: string): PkiError {
  return new PkiError('ORDER_INVALID', `${what}: put the signed order there.`, { reason });
}

function unknownOrder(id: string, why: string): PkiError {
  return new PkiError(
    'ORDER_UNKNOWN',
    `The signer has no order ${id} (${why}): put the signed order into its folder of orders.`,
  );
}
