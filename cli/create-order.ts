import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { writeAtomically } from '../manifests/write-atomically.ts';
import { orderFileName } from '../pki/order-desk.ts';
import { orderText, type Order } from '../pki/order.ts';
import { CommandError } from './exit-status.ts';
import { printLine } from './stdout.ts';

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

/** `certline order create`. Throws ORDER_INVALID, `unknown` for a manifest that is not there. */
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
  await writeAtomically(path, 0o644, (file) => file.writeFile(text));
  printLine(`Wrote ${path}; read it, then: certline order sign ${path}`);
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (error) {
    throw new CommandError('unknown', `The manifest ${path} cannot be read.`, { cause: error });
  }
  return hash.digest('hex');
}
