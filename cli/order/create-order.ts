import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { writeWhole } from '../../disk/write-whole.ts';
import { orderFileName } from '../../pki/orders/order-desk.ts';
import { orderText, parseOrderText } from '../../pki/orders/order.ts';
import type { Order } from '../../pki/orders/order.ts';
import { splitNote } from '../../pki/keys/signed-note.ts';
import { CommandError } from '../exit-status.ts';
import { printLine } from '../terminal/stdout.ts';

export interface CreateOrderOptions {
  readonly product: readonly string[];
  readonly quantity: number;
  readonly reissues?: number;
  readonly opens?: Date;
  readonly closes?: Date;
  readonly manifest?: string;
  readonly revision: number;
  readonly out?: string;
}

const DAY_MS = 86_400_000;
const OPEN_DAYS = 90;
/** One reissue for ten units: what a line with broken boards needs, and not another lot. */
const UNITS_PER_REISSUE = 10;

/**
 * `certline order create`. Throws ORDER_INVALID, `unknown` for a manifest that is not there, `refused` for an older
 * revision.
 */
export async function createOrder(id: string, options: CreateOrderOptions): Promise<void> {
  const { quantity, manifest, opens = new Date() } = options;
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
  };
  const text = orderText(order);
  const path = options.out ?? orderFileName(id);
  await assertNewer(path, order);
  await writeWhole(path, 0o644, text);
  printLine(`Wrote ${path}; read it, then: certline order sign ${path}`);
}

/** What was signed is replaced by a later revision of the same order alone. Throws `refused`. */
async function assertNewer(path: string, { order, revision }: Order): Promise<void> {
  if (!existsSync(path)) return;
  const note = splitNote(await readFile(path, 'utf8'));
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
