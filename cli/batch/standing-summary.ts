import type { LineTrouble } from '../../provisioning/line-trouble.ts';
import type { BatchSummary, Registry, WaitingUnit } from '../../registry/registry.ts';
import { findRuns } from './find-run.ts';
import type { BatchRun } from './find-run.ts';
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
  /** What is wrong with the line, as the running batch knows it. */
  readonly trouble?: readonly LineTrouble[];
  /** Says that the workflow of a batch that is open was terminated or failed, and what to type. */
  readonly broken?: string;
}

/** Reads how a batch stands. Asks Temporal only about batches that have started and are not closed. */
export async function standingSummary(
  stateFolder: string,
  registry: Registry,
  batchId: string,
): Promise<StandingSummary> {
  const summary = await registry.batchSummary(batchId);
  const { state, startedAt } = summary.batch;
  const isOpen = state === 'open' && startedAt !== undefined;
  const runs = isOpen ? await findRuns(registry, batchId) : [];
  const live = isOpen ? await liveBatch(stateFolder, runs) : undefined;
  // Read after Temporal has answered: a unit that has ended meanwhile waits for nothing.
  const after = await registry.batchSummary(batchId);
  const recorded = await registry.waitingUnits(batchId);
  const broken = live?.broken !== undefined && after.batch.state === 'open' && { broken: live.broken };
  if (live?.waiting === undefined)
    return { summary: after, waiting: recorded, waitingBy: 'registry', ...broken };
  const { waiting: serials, trouble } = live;
  const waiting = recorded.filter(({ serial }) => serials.has(serial));
  const open = after.attention + after.open - waiting.length;
  return {
    summary: { ...after, attention: waiting.length, open },
    waiting,
    waitingBy: 'temporal',
    ...(trouble && { trouble }),
  };
}

/** What Temporal says of a batch. `waiting`: serials; absent where its workflow has ended or no orchestrator answers. */
interface LiveBatch {
  readonly waiting?: ReadonlySet<string>;
  readonly trouble?: readonly LineTrouble[];
  readonly broken?: string;
}

/** Undefined where nobody answers. Temporal's client is loaded only here. */
async function liveBatch(stateFolder: string, runs: readonly BatchRun[]): Promise<LiveBatch | undefined> {
  const { withLineClient } = await import('../line/line-client.ts');
  const { batchStanding, brokenEnd } = await import('./batch-standing.ts');
  try {
    return await withLineClient(stateFolder, async (client) => {
      const waiting = new Set<string>();
      let trouble: readonly LineTrouble[] | undefined;
      let isHeard = true;
      for (const { runId } of runs) {
        const standing = await batchStanding(client, runId);
        const broken = brokenEnd(runId, standing);
        if (broken !== undefined) return { broken };
        for (const { serial } of standing.progress?.attention ?? []) waiting.add(serial);
        trouble ??= standing.progress?.trouble;
        isHeard &&= standing.progress !== undefined;
      }
      return isHeard ? { waiting, ...(trouble && { trouble }) } : {};
    });
  } catch (error) {
    if (['server', 'lineNotRunning', 'unknown'].includes(reasonOf(error))) return undefined;
    throw error;
  }
}
