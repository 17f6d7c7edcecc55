import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerOf } from '../../manifests/answer/answers.ts';
import { renumberExample } from '../../manifests/csv/renumber.ts';
import { dropManifest } from '../../manifests/intake/drop-manifest.ts';
import type { BatchRecord } from '../../registry/registry.ts';

const LOT_NAME = /^lot-(\d+)\.csv$/;

/** Drops the next lot into the inbox, as a planner's software would. Returns its file name. */
export async function dropNextLot(
  inbox: string,
  batches: readonly BatchRecord[],
  product: string,
  units: number | undefined,
): Promise<string> {
  const lots = batches.map((batch) => Number(LOT_NAME.exec(batch.manifest)?.[1] ?? 0));
  for (let lot = Math.max(0, ...lots) + 1; ; lot++) {
    const name = `lot-${String(lot).padStart(4, '0')}.csv`;
    const text = units === undefined ? exampleLot(lot, product) : largeLot(lot, units, product);
    const dropped = await dropManifest(inbox, name, Buffer.from(text));
    if (dropped === undefined) continue;
    // An inbox can outlive its registry. A file that is there already gets an answer only if it has none yet.
    if (dropped.isNew || (await answerOf(inbox, dropped)) === undefined) return name;
  }
}

function exampleLot(lot: number, product: string): string {
  const example = readFileSync(join(import.meta.dirname, '..', '..', 'manifests', 'example.csv'), 'utf8');
  return renumberExample(example, lot).replaceAll(',golioth-node,', `,${product},`);
}

function largeLot(lot: number, units: number, product: string): string {
  const rows = Array.from({ length: units }, (_, index) => {
    const serial = `CL-L${String(lot).padStart(4, '0')}-${String(index + 1).padStart(6, '0')}`;
    return `PO-L${String(lot).padStart(4, '0')},${serial},${product}\n`;
  });
  return `order,serial,product\n${rows.join('')}`;
}
