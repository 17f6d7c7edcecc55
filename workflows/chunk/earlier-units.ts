import { CancellationScope, getExternalWorkflowHandle, patched } from '@temporalio/workflow';
import type { ExternalWorkflowHandle } from '@temporalio/workflow';
import type { Outcome } from '../../provisioning/outcome.ts';
import { unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { wasReset } from '../after-reset.ts';
import { registryBookkeeping } from '../steps.ts';
import { untilUnitEnded } from '../until-unit-ended.ts';
import type { ChunkTally } from './chunk-tally.ts';

/** Units that the run before this one began, and that this one has not: true only where somebody reset the chunk. */
export function mayHaveEarlierUnits(): boolean {
  return wasReset() && patched('end-units-of-earlier-run');
}

/**
 * What the registry has as the end of a unit that this run has not begun: its batch may have been closed before somebody reset
 * the chunk. Only a chunk that was reset asks.
 */
export async function endBeforeReset(batchId: string, serial: string): Promise<Outcome | undefined> {
  if (!wasReset() || !patched('look-at-unit-before-start')) return undefined;
  return await recalledEnd(batchId, serial);
}

/**
 * Ends units by what `tell` does, waits for that, and counts them. One that has ended needs no word; one that no run has begun
 * is on hold.
 */
export async function endEarlierUnits(
  batchId: string,
  serials: readonly string[],
  tally: ChunkTally,
  tell: (unit: ExternalWorkflowHandle) => Promise<void>,
): Promise<void> {
  await CancellationScope.nonCancellable(() =>
    Promise.allSettled(serials.map((serial) => tell(getExternalWorkflowHandle(unitWorkflowId(serial))))),
  );
  await Promise.all(
    serials.map(async (serial) => {
      await untilUnitEnded(serial);
      const outcome = await recalledEnd(batchId, serial);
      if (outcome === undefined) tally.leaveOut(1);
      else tally.recall(serial, outcome);
    }),
  );
}

async function recalledEnd(batchId: string, serial: string): Promise<Outcome | undefined> {
  return (await registryBookkeeping.recallUnit({ batchId, serial })).outcome;
}
