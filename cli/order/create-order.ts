import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { writeWhole } from '../../disk/write-whole.ts';
import { orderFileName, readOrderFile, serialFileName } from '../../pki/orders/order-desk.ts';
import { orderText, parseOrderText } from '../../pki/orders/order.ts';
import type { Order } from '../../pki/orders/order.ts';
import { serialListSha256, serialListText } from '../../pki/orders/serial-list.ts';
import { profileOfProduct, profileSha256 } from '../../pki/profile/certificate-profile.ts';
import { splitNote } from '../../pki/keys/signed-note.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { serialsOfManifest } from './manifest-serials.ts';
import { makeFile } from '../made-file.ts';
import { tell } from '../terminal/stdout.ts';

export interface CreateOrderOptions {
  readonly product: readonly string[];
  readonly quantity?: number;
  readonly reissues?: number;
  readonly opens?: Date;
  readonly closes?: Date;
  readonly manifest?: string;
  readonly serials?: string;
  readonly profiles?: boolean;
  readonly signer?: string;
  readonly revision: number;
  readonly out?: string;
  readonly json?: boolean;
}

const DAY_MS = 86_400_000;
const OPEN_DAYS = 90;
/** One reissue for ten units: what a line with broken boards needs, and not another lot. */
const UNITS_PER_REISSUE = 10;

/**
 * `certline order create`. Throws ORDER_INVALID, `unknown` for a manifest that is not there, `refused` for an older
 * revision, `usage` without a quantity.
 */
export async function createOrder(
  invocation: () => Promise<Invocation>,
  id: string,
  options: CreateOrderOptions,
): Promise<void> {
  const { manifest, opens = new Date() } = options;
  const serials = options.serials === undefined ? undefined : await serialsOfManifest(options.serials);
  const quantity = quantityOf(options.quantity, serials);
  const list = serials && serialListText(serials);
  const closes = options.closes ?? new Date(opens.getTime() + OPEN_DAYS * DAY_MS);
  const order: Order = {
    order: id,
    revision: options.revision,
    products: options.product,
    quantity,
    reissues: options.reissues ?? Math.ceil(quantity / UNITS_PER_REISSUE),
    opens: opens.toISOString(),
    closes: closes.toISOString(),
    ...(manifest !== undefined && { manifestSha256: await digestOf(manifest) }),
    ...(list !== undefined && { serialsSha256: serialListSha256(list) }),
    ...(options.profiles === true && { profiles: profilesOf(await invocation(), options.product) }),
    ...(options.signer !== undefined && { signer: options.signer }),
  };
  const text = orderText(order);
  const path = options.out ?? orderFileName(id);
  assertNewer(path, order);
  await makeFile(path, async () => writeWhole(path, 0o644, text));
  const listPath = list === undefined ? null : join(dirname(path), serialFileName(id));
  if (list !== undefined) await writeWhole(listPath!, 0o644, list);
  tell(
    options.json,
    { file: path, serials: listPath, order },
    ...(listPath === null ? [] : [`Wrote ${listPath}, the list of its serials; deliver it with the order`]),
    `Wrote ${path}; read it, then: certline order sign ${path}`,
  );
}

/** As many as were said, else as many as there are serials. */
function quantityOf(said: number | undefined, serials: readonly string[] | undefined): number {
  const quantity = said ?? serials?.length;
  if (quantity === undefined)
    throw new CommandError('usage', 'The order has no quantity: add --quantity or --serials.');
  if (serials === undefined || quantity <= serials.length) return quantity;
  const message = `The quantity ${quantity} is larger than the number of serials, ${serials.length}: correct one of them.`;
  throw new CommandError('refused', message);
}

/** The digests of these products' profiles. Throws `unknown` for a product that is not configured. */
function profilesOf({ config }: Invocation, names: readonly string[]): Record<string, string> {
  const digests = names.map((name) => {
    const product = config.products.find((each) => each.name === name);
    if (product !== undefined) return [name, profileSha256(profileOfProduct(product))] as const;
    const message = `The configuration has no product ${name}: name the signer's configuration with --config.`;
    throw new CommandError('unknown', message);
  });
  return Object.fromEntries(digests);
}

/** What was signed is replaced by a later revision of the same order alone. Throws `refused`. */
function assertNewer(path: string, { order, revision }: Order): void {
  const note = splitNote(readOrderFile(path) ?? '');
  if (note === undefined) return;
  const signed = parseOrderText(note.text, path);
  if (signed.order === order && revision > signed.revision) return;
  const message = `${path} holds revision ${signed.revision} of order ${signed.order}, signed: give this one a higher --revision, or another --out.`;
  throw new CommandError('refused', message);
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw new CommandError(
      'unknown',
      `The manifest ${path} cannot be read: give the path of a file that you may read.`,
      { cause: error },
    );
  }
  return hash.digest('hex');
}
