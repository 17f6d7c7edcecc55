import { writeWhole } from '../disk/write-whole.ts';
import { lotFiles } from '../manifests/answer/lot-files.ts';
import type { LotFiles } from '../manifests/answer/lot-files.ts';
import { writeUnitStatuses } from '../manifests/answer/status-file.ts';
import type { BatchRecord, Registry } from '../registry/registry.ts';
import { lotStatus, unitStatuses } from './lot-status.ts';
import type { LotPulse, LotStatus } from './lot-status.ts';

/** Where the answers about a batch are. They stay there, so who writes many asks once. */
export async function filesOf(registry: Registry, inbox: string, batch: BatchRecord): Promise<LotFiles> {
  return lotFiles(inbox, batch, await registry.listBatches());
}

/**
 * Writes the status of a batch beside its manifest: all of it in JSON, and each unit in CSV. `isNews` says whether it is worth writing.
 * Returns what was, or would have been, written. Throws what `writeCsvFile`, `writeWhole` and the registry throw.
 */
export async function writeStatus(
  registry: Registry,
  files: LotFiles,
  batch: BatchRecord,
  pulse: LotPulse = {},
  isNews: (status: LotStatus) => boolean = () => true,
): Promise<LotStatus> {
  const status = await lotStatus(registry, batch.batchId, files, pulse);
  if (!isNews(status)) return status;
  // The units first: where the figures say that the batch is closed, its units have their last state.
  await writeUnitStatuses(files.statusCsv, batch, unitStatuses(registry, batch.batchId, pulse));
  const text = JSON.stringify({ ...status, writtenAt: new Date().toISOString() }, undefined, 2);
  await writeWhole(files.statusJson, 0o644, `${text}\n`);
  return status;
}
