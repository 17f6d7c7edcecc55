import { findBatch } from './find-batch.ts';
import { withRegistry } from '../registry/open-registry.ts';

/** The id of a batch that may be abbreviated where there is a registry; on a host without one Temporal must know it. */
export async function liveBatchId(stateFolder: string, given: string): Promise<string> {
  return await withRegistry(stateFolder, async (registry) =>
    registry === undefined ? given : (await findBatch(registry, given)).batchId,
  );
}
