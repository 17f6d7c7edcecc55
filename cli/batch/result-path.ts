import { existsSync } from 'node:fs';
import { lotFiles } from '../../manifests/answer/lot-files.ts';
import { archivedPath } from '../../manifests/intake/archive.ts';
import type { BatchRecord } from '../../registry/registry.ts';

/** Where the result of a batch is, or will be: in the drop folder, or in the folder that its manifest was moved to. */
export function resultPath(inbox: string, batch: BatchRecord, batches: readonly BatchRecord[]): string {
  const { result } = lotFiles(inbox, batch, batches);
  if (existsSync(result)) return result;
  // All batches of a manifest name are moved together, to the folder of one of them.
  const archived = batches
    .filter(({ manifest }) => manifest === batch.manifest)
    .flatMap(({ batchId, closedAt }) =>
      closedAt === undefined ? [] : [archivedPath(result, batchId, closedAt)],
    );
  return archived.find((path) => existsSync(path)) ?? result;
}
