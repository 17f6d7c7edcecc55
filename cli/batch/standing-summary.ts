import type { BatchSummary, Registry, WaitingUnit } from '../../registry/registry.ts';
import { reasonOf } from '../report-failure.ts';

/** A batch as its record and, where units wait, the running batch have it. */
export interface StandingSummary {
  readonly summary: BatchSummary;
  /** Units that wait for a decision, in the manifest's order. */
  readonly waiting: readonly WaitingUnit[];
  /**
   * Who says which units wait. The record has a unit that tries again as waiting until it ends, so Temporal corrects
   * it; `registry`: no orchestrator answers.
   */
  readonly waitingBy: 'temporal' | 'registry';
}

/** Reads how a batch stands. Asks Temporal only where the record has units that wait. */
export async function standingSummary(
  stateFolder: string,
  registry: Registry,
  batchId: string,
): Promise<StandingSummary> {
  const summary = await registry.batchSummary(batchId);
  if (summary.attention === 0) return { summary, waiting: [], waitingBy: 'registry' };
  const live = await waitingSerials(stateFolder, batchId);
  // Read after Temporal has answered: a unit that has ended meanwhile waits for nothing.
  const after = await registry.batchSummary(batchId);
  const recorded = await registry.waitingUnits(batchId);
  if (live === undefined) return { summary: after, waiting: recorded, waitingBy: 'registry' };
  const waiting = recorded.filter(({ serial }) => live.has(serial));
  const open = after.attention + after.open - waiting.length;
  return { summary: { ...after, attention: waiting.length, open }, waiting, waitingBy: 'temporal' };
}

/**
 * The units that wait as the running batch says; undefined where nobody answers. Temporal's client is loaded only here.
 */
async function waitingSerials(stateFolder: string, batchId: string): Promise<Set<string> | undefined> {
  const { withLineClient } = await import('../line/line-client.ts');
  const { batchStanding } = await import('./batch-standing.ts');
  try {
    return await withLineClient(stateFolder, async (client) => {
      const { progress } = await batchStanding(client, batchId);
      return progress && new Set(progress.attention.map(({ serial }) => serial));
    });
  } catch (error) {
    if (['server', 'lineNotRunning', 'unknown'].includes(reasonOf(error))) return undefined;
    throw error;
  }
}
