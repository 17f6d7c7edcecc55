import type { LotFiles } from '../manifests/answer/lot-files.ts';
import { writeResultFile } from '../manifests/answer/result-file.ts';
import type { BatchRecord, NumberedResult, Registry } from '../registry/registry.ts';

/** The report of a larger lot is a page that browsers hardly open, and takes longer than the end of a batch may. */
const REPORT_UNITS_MAX = 20_000;

type Batch = Pick<BatchRecord, 'batchId' | 'order'>;

/**
 * Writes the result of a batch, as it is now, to `path`, its place beside the manifest, with the next version. One that cannot be
 * written gets none. Throws what `writeResultFile` throws.
 */
export async function writeBatchResult(
  registry: Registry,
  batch: Batch,
  path: string,
): Promise<NumberedResult> {
  for (;;) {
    const next = await registry.nextResult(batch.batchId);
    await write(registry, batch, path, next.version);
    // Another process may have written it meanwhile, with the same version.
    if (await registry.numberResult(batch.batchId, next.version)) return next;
  }
}

/**
 * Writes the result of a batch, as it is now, to another place. Returns its version: that of the last one beside the manifest, 0
 * without one. Throws what `writeResultFile` throws.
 */
export async function copyBatchResult(registry: Registry, batch: Batch, path: string): Promise<number> {
  const { version } = await registry.nextResult(batch.batchId);
  await write(registry, batch, path, version - 1);
  return version - 1;
}

async function write(
  registry: Registry,
  { batchId, order }: Batch,
  path: string,
  version: number,
): Promise<void> {
  const attributes = await registry.attributeNames(batchId);
  await writeResultFile(path, { batchId, order, attributes, version }, registry.resultRows(batchId));
}

/** Writes the report of a batch that has ended beside its result, unless the lot is too large for that. */
export async function writeReportBeside(
  registry: Registry,
  batch: BatchRecord,
  { report }: Pick<LotFiles, 'report'>,
): Promise<void> {
  if (batch.quantity > REPORT_UNITS_MAX) return;
  // Its plots need a library that takes a while to load.
  const { writeLotReport } = await import('./lot-report/lot-report.ts');
  await writeLotReport(registry, batch, report);
}
