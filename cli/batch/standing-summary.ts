import type { LineTrouble } from '../../provisioning/line-trouble.ts';
import type { BatchSummary, Registry, WaitingUnit } from '../../registry/registry.ts';
import { brokenEnd, goneBatch } from '../../temporal/broken-batch.ts';
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
  /** Whether a run of the batch is paused; absent where no orchestrator answers. */
  readonly isPaused?: boolean;
  /** What is wrong with the line, as the running batch knows it. */
  readonly trouble?: readonly LineTrouble[];
  /** Says that the workflow of a batch that is open was terminated or deleted, or failed, and what to type. */
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
  const live = isOpen ? await liveBatch(stateFolder, batchId, runs) : undefined;
  // Read after Temporal has answered: a unit that has ended meanwhile waits for nothing.
  const after = await registry.batchSummary(batchId);
  const recorded = await registry.waitingUnits(batchId);
  const broken = live?.broken !== undefined && after.batch.state === 'open' && { broken: live.broken };
  if (live?.waiting === undefined)
    return { summary: after, waiting: recorded, waitingBy: 'registry', ...broken };
  const { waiting: serials, trouble, isPaused } = live;
  const waiting = recorded.filter(({ serial }) => serials.has(serial));
  const open = after.attention + after.open - waiting.length;
  return {
    summary: { ...after, attention: waiting.length, open },
    waiting,
    waitingBy: 'temporal',
    ...(isPaused !== undefined && { isPaused }),
    ...(trouble && { trouble }),
    ...broken,
  };
}

/** What Temporal says of a batch. `waiting`: serials; absent where no orchestrator answers. */
interface LiveBatch {
  readonly waiting?: ReadonlySet<string>;
  readonly trouble?: readonly LineTrouble[];
  readonly isPaused?: boolean;
  readonly broken?: string;
}

/** Undefined where nobody answers. Temporal's client is loaded only here. */
async function liveBatch(
  stateFolder: string,
  batchId: string,
  runs: readonly BatchRun[],
): Promise<LiveBatch | undefined> {
  const { withLineClient } = await import('../line/line-client.ts');
  const { batchStanding, unitsThatWait } = await import('./batch-standing.ts');
  try {
    return await withLineClient(stateFolder, async (client) => {
      const waiting = new Set<string>();
      let trouble: readonly LineTrouble[] | undefined;
      let [isHeard, isPaused] = [true, false];
      for (const { runId } of runs) {
        const standing = await unlessUnknown(batchStanding(client, runId));
        const broken = standing === undefined ? goneBatch(runId) : brokenEnd(runId, standing);
        // Its units continue without it, or were terminated too: each is asked for by itself.
        if (broken !== undefined) return { broken, waiting: await unitsThatWait(client, batchId) };
        const { progress } = standing!;
        for (const { serial } of progress?.attention ?? []) waiting.add(serial);
        trouble ??= progress?.trouble;
        isHeard &&= progress !== undefined;
        isPaused ||= progress?.pause !== undefined;
      }
      return isHeard ? { waiting, isPaused, ...(trouble && { trouble }) } : {};
    });
  } catch (error) {
    if (['server', 'lineNotRunning'].includes(reasonOf(error))) return undefined;
    throw error;
  }
}

async function unlessUnknown<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (reasonOf(error) !== 'unknown') throw error;
    return undefined;
  }
}
