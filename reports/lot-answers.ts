import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeWhole } from '../disk/write-whole.ts';
import { archiveFolder } from '../manifests/answer/archive-folder.ts';
import { lotFiles } from '../manifests/answer/lot-files.ts';
import type { LotFiles } from '../manifests/answer/lot-files.ts';
import { writeUnitStatuses } from '../manifests/answer/status-file.ts';
import type { BatchRecord, Registry } from '../registry/registry.ts';
import { lotStatus, unitStatuses } from './lot-status.ts';
import type { LotPulse, LotStatus } from './lot-status.ts';

/**
 * Where the answers about a batch are, or will be: in the drop folder, or in the folder of the archive that its manifest was moved
 * to. As long as the batch is open they stay there, so anyone who writes many asks once.
 */
export async function filesOf(registry: Registry, inbox: string, batch: BatchRecord): Promise<LotFiles> {
  const { dropped, inUse } = await placesOf(registry, inbox, batch);
  return inUse ?? dropped;
}

/** Where they are; undefined for a batch that has been closed and of which neither place has an answer: they were moved away. */
export async function presentFilesOf(
  registry: Registry,
  inbox: string,
  batch: BatchRecord,
): Promise<LotFiles | undefined> {
  return (await placesOf(registry, inbox, batch)).inUse;
}

interface Places {
  readonly dropped: LotFiles;
  readonly inUse: LotFiles | undefined;
}

async function placesOf(registry: Registry, inbox: string, batch: BatchRecord): Promise<Places> {
  const batches = await registry.listBatches();
  const dropped = lotFiles(inbox, batch, batches);
  // Before a batch has been closed once, nothing moves it.
  if (batch.closedAt === undefined) return { dropped, inUse: dropped };
  for (const place of [dropped, ...archived(dropped, batch, batches)])
    if (await isInUse(place)) return { dropped, inUse: place };
  return { dropped, inUse: undefined };
}

/** All batches of a manifest name are moved together, to the folder of one of them: mostly to its own. */
function archived(dropped: LotFiles, batch: BatchRecord, batches: readonly BatchRecord[]): LotFiles[] {
  const others = batches.filter(
    ({ batchId, manifest }) => manifest === batch.manifest && batchId !== batch.batchId,
  );
  return [batch, ...others].flatMap(({ batchId, closedAt }) =>
    closedAt === undefined ? [] : movedTo(archiveFolder(dirname(dropped.result), batchId, closedAt), dropped),
  );
}

function movedTo(folder: string, { result, report, statusJson, statusCsv }: LotFiles): LotFiles {
  const moved = (path: string): string => join(folder, basename(path));
  return {
    result: moved(result),
    report: moved(report),
    statusJson: moved(statusJson),
    statusCsv: moved(statusCsv),
  };
}

async function isInUse(files: LotFiles): Promise<boolean> {
  const isThere = await Promise.all(
    Object.values(files).map((path: string) =>
      stat(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return isThere.includes(true);
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
