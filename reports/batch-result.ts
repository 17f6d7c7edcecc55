import type { LotFiles } from '../manifests/answer/lot-files.ts';
import { writeResultFile } from '../manifests/answer/result-file.ts';
import type { BatchRecord, NumberedResult, Registry } from '../registry/registry.ts';

/** The report of a larger lot is a page that browsers hardly open, and takes longer than the end of a batch may. */
const REPORT_UNITS_MAX = 20_000;

/** Writes the result of a batch, as it is now, to `path`, with the next version. Throws what `writeResultFile` throws. */
export async function writeBatchResult(
  registry: Registry,
  { batchId, order }: Pick<BatchRecord, 'batchId' | 'order'>,
  path: string,
): Promise<NumberedResult> {
  const attributes = await registry.attributeNames(batchId);
  const numbered = await registry.numberResult(batchId);
  const head = { batchId, order, attributes, version: numbered.version };
  await writeResultFile(path, head, registry.resultRows(batchId));
  return numbered;
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
