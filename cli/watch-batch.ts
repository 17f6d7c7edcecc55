import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError } from '@temporalio/client';
import type { BatchProgress } from '../provisioning/batch.ts';
import { MESSAGES } from '../provisioning/messages.ts';
import { batchWorkflowId } from '../provisioning/workflow-ids.ts';
import type { BatchRecord } from '../registry/registry.ts';
import { isSettled, renderLine, renderPlain } from './line-view.ts';
import type { LineView } from './line-view.ts';
import { LiveScreen } from './live-screen.ts';
import type { RunningLine } from './run-line.ts';

/** The screen follows at this pace; counts come from one query of the batch each time. */
const SCREEN_PAUSE_MS = 300;
/** Where there is no terminal, a line at most this often. */
const PLAIN_PAUSE_MS = 2_000;

/** Shows a batch until every unit has ended or waits for a decision; returns how it stands then. */
export async function watchBatch(running: RunningLine, batch: BatchRecord): Promise<BatchProgress> {
  const { line, signal } = running;
  const handle = line.client.workflow.getHandle(batchWorkflowId(batch.batchId));
  const show = process.stdout.isTTY ? liveShow() : plainShow();
  const begin = performance.now();
  let passedBefore: number | undefined;
  for (;;) {
    signal.throwIfAborted();
    const progress = await ask(() => handle.query<BatchProgress>(MESSAGES.progress));
    if (progress) {
      passedBefore ??= progress.passed;
      show({
        progress,
        stations: line.stations.map((station) => ({ station: station.id, sockets: station.tiles })),
        elapsedMs: performance.now() - begin,
        passedHere: progress.passed - passedBefore,
      });
      if (isSettled(progress)) {
        // The result file is there when the workflow has ended; with units that wait it has not.
        if (progress.attention.length === 0) await handle.result();
        return progress;
      }
    }
    await sleep(SCREEN_PAUSE_MS);
  }
}

/** A query may come while the server or the worker is only starting, or is busy: the next one will be answered. */
async function ask<T>(query: () => Promise<T>): Promise<T | undefined> {
  try {
    return await query();
  } catch (error) {
    if (error instanceof ServiceError) return undefined;
    throw error;
  }
}

function liveShow(): (view: LineView) => void {
  const screen = new LiveScreen(process.stdout);
  return (view) => screen.draw(renderLine(view));
}

function plainShow(): (view: LineView) => void {
  let shownAt = -PLAIN_PAUSE_MS;
  let shown = '';
  return (view) => {
    const due = performance.now() - shownAt >= PLAIN_PAUSE_MS || isSettled(view.progress);
    const text = renderPlain(view);
    if (!due || text === shown) return;
    shownAt = performance.now();
    shown = text;
    process.stdout.write(`${text}\n`);
  };
}
