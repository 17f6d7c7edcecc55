import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { FORMAT_NAME, FORMAT_VERSION } from '../../manifests/check/manifest-header.ts';
import { MAX_ROWS } from '../../manifests/check/parse-manifest.ts';
import { errnoOf } from '../../disk/errno.ts';
import { isOrderNumber } from '../../provisioning/order-number.ts';
import { isSerial } from '../../provisioning/serial-number.ts';
import { withoutUnseen } from '../../manifests/csv/visible-text.ts';
import { expectedName } from '../../manifests/intake/expected-name.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { makeFile } from '../made-file.ts';
import { printLine } from '../terminal/stdout.ts';

export interface NewManifestOptions {
  readonly product: string;
  readonly rows: number;
  readonly order?: string;
  readonly firstSerial?: string;
  readonly out?: string;
}

/**
 * `certline manifest new`: a manifest with a CSV row for each unit, in which what is not given is left to fill in. Throws
 * `unknown` for a product that is not configured, `usage` for values and a file name that no manifest may have, `refused`
 * where the file exists, `disk` where it cannot be written.
 */
export async function newManifest({ config }: Invocation, options: NewManifestOptions): Promise<void> {
  const { product: name, rows, order = '', firstSerial, out } = options;
  const product = config.products.find((each) => each.name === name);
  if (product === undefined) {
    const known = config.products.map((each) => each.name).join(', ');
    throw new CommandError(
      'unknown',
      `There is no product ${name} in the configuration: give one of ${known}.`,
    );
  }
  if (order !== '' && !isOrderNumber(order))
    throw new CommandError(
      'usage',
      `${order} is no order number: A-Z, 0-9 and hyphens, at most 40 characters.`,
    );
  if (rows > MAX_ROWS)
    throw new CommandError(
      'usage',
      `A manifest has at most ${MAX_ROWS} units: give --rows ${MAX_ROWS} or less, and make several manifests.`,
    );
  const isListed = product.assignment === 'listed-board';
  const columns = ['order', 'serial', 'product', ...(isListed ? ['board_id'] : [])];
  const lines = serials(firstSerial, rows).map((serial) =>
    [order, serial, name, ...(isListed ? [''] : [])].join(','),
  );
  const version = [FORMAT_NAME, FORMAT_VERSION, ...columns.slice(2).map(() => '')].join(',');
  const text = [version, columns.join(','), ...lines].map((line) => `${line}\r\n`).join('');
  if (out === undefined) process.stdout.write(text);
  else await writeNew(out, text);
}

/** `count` serials that count up in the digits at the end of the first; empty ones where none is given. */
function serials(first: string | undefined, count: number): string[] {
  if (first === undefined) return Array.from({ length: count }, () => '');
  const [, begin = '', digits = ''] = /^(.*?)(\d+)$/.exec(first) ?? [];
  const last = BigInt(digits === '' ? 0 : digits) + BigInt(count - 1);
  if (digits === '' || !isSerial(first) || String(last).length > digits.length)
    throw new CommandError(
      'usage',
      `${first} is no first serial of ${count}: it must be a serial that ends with enough digits, for example CL-000001.`,
    );
  return Array.from(
    { length: count },
    (_serial, at) => begin + String(BigInt(digits) + BigInt(at)).padStart(digits.length, '0'),
  );
}

async function writeNew(path: string, text: string): Promise<void> {
  const expected = expectedName(basename(path));
  if (expected !== undefined)
    throw new CommandError(
      'usage',
      `A manifest cannot have the name ${withoutUnseen(basename(path))}: give --out a name that ends in .csv, for example lot-0001.csv.`,
    );
  try {
    await makeFile(path, async () => writeFile(path, text, { flag: 'wx' }));
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    throw new CommandError('refused', `${path} exists already: give another name with --out.`, {
      cause: error,
    });
  }
  printLine(`Wrote ${path}: fill in what is empty, and save it as CSV.`);
}
