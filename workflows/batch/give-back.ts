import { ActivityFailure, log } from '@temporalio/workflow';
import type { Decision } from '../../provisioning/decision.ts';
import { registryBookkeeping, signerBookkeeping } from '../steps.ts';

/**
 * Gives the units of a batch that ended and were never begun back to their order, and frees their serials and boards for other
 * batches. The signer first: it keeps a serial that has a certificate. Where it refuses, they stay with the batch, and `batch
 * withdraw` does this again.
 */
export async function giveBack(batchId: string, decision: Decision | undefined): Promise<void> {
  try {
    for (let after: number | undefined = 0; after !== undefined;)
      after = await giveBackPage(batchId, after, decision);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    log.error('units that were never begun are not given back', { batchId });
  }
}

async function giveBackPage(
  batchId: string,
  after: number,
  { reason, by }: Partial<Decision> = {},
): Promise<number | undefined> {
  const { serials, next, ...word } = await registryBookkeeping.neverBegun({ batchId, after });
  if (serials.length === 0) return undefined;
  const kept = new Set(
    await signerBookkeeping.returnUnits({
      batchId,
      serials,
      ...word,
      ...(reason !== undefined && { reason }),
      ...(by !== undefined && { by }),
    }),
  );
  const free = serials.filter((serial) => !kept.has(serial));
  if (free.length > 0) await registryBookkeeping.freeUnits({ batchId, serials: free });
  return next;
}
