import { join } from 'node:path';
import { stemOf } from './answers.ts';

/** What the names of its files depend on. */
export interface NamedBatch {
  readonly batchId: string;
  /** Name of the manifest, with its folder below the drop folder. */
  readonly manifest: string;
  /** ISO 8601. */
  readonly importedAt: string;
}

/** Paths of the files beside a manifest with the answers about its batch. */
export interface LotFiles {
  readonly result: string;
  readonly report: string;
  readonly statusJson: string;
  readonly statusCsv: string;
}

/**
 * The files of `batch`, which are of no other batch: the first one of a manifest name has `NAME.result.csv`, a later one
 * `NAME.result.<batch>.csv`. `batches`: all that there are, in any order.
 */
export function lotFiles(folder: string, batch: NamedBatch, batches: readonly NamedBatch[]): LotFiles {
  const of = isFirst(batch, batches) ? '' : `.${batch.batchId}`;
  return filesNamed(join(folder, stemOf(batch.manifest)), of);
}

/** Names that files of these batches may have, whose manifests are called `manifest`. */
export function possibleLotFiles(manifest: string, batchIds: readonly string[]): string[] {
  const endings = ['', ...batchIds.map((batchId) => `.${batchId}`)];
  return endings.flatMap((of) => Object.values(filesNamed(stemOf(manifest), of)));
}

function filesNamed(stem: string, of: string): Record<keyof LotFiles, string> {
  return {
    result: `${stem}.result${of}.csv`,
    report: `${stem}.report${of}.html`,
    statusJson: `${stem}.status${of}.json`,
    statusCsv: `${stem}.status${of}.csv`,
  };
}

/** Whether no earlier batch has a manifest of this name. A network drive may take upper and lower case for the same. */
function isFirst(batch: NamedBatch, batches: readonly NamedBatch[]): boolean {
  const stem = stemOf(batch.manifest).toLowerCase();
  const isEarlier = ({ batchId, importedAt }: NamedBatch): boolean =>
    importedAt < batch.importedAt || (importedAt === batch.importedAt && batchId < batch.batchId);
  return !batches.some((other) => stemOf(other.manifest).toLowerCase() === stem && isEarlier(other));
}
