import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { findRunningServer } from '../../line/running-server.ts';
import { CommandError } from '../exit-status.ts';
import { isServiceFault } from '../line/line-client.ts';
import { batchStanding } from './batch-standing.ts';
import type { BatchStanding } from './batch-standing.ts';

/** A line that was killed is started again within this time, or somebody has to start it. */
const SILENCE_LIMIT_MS = 60_000;

/** A server that is updated, or restored from a copy, is back within this time. */
const UNREACHED_LIMIT_MS = 600_000;

/** One look takes no longer: a computer that slept, or a process that was stopped, has waited for nobody meanwhile. */
const LOOK_MOST_MS = 15_000;

export interface LooksOptions {
  readonly stateFolder: string;
  readonly batchId: string;
  readonly pauseMs: number;
  /** Ends the looking: its reason is thrown. */
  readonly signal: AbortSignal | undefined;
}

/**
 * How a batch stands, again and again, with a pause between two looks. Throws `lineNotRunning` when the server answers for a minute and
 * no orchestrator does, LINE_NOT_RUNNING when there is no server any more, what the connection throws when it cannot be reached for
 * ten minutes, `unknown`.
 */
export async function* looksAtBatch(client: Client, options: LooksOptions): AsyncGenerator<BatchStanding> {
  const { batchId, pauseMs, signal } = options;
  let [silentMs, unreachedMs] = [0, 0];
  for (let before = performance.now(); ; await sleep(pauseMs)) {
    signal?.throwIfAborted();
    const { standing, fault } = await lookOnce(client, options);
    const now = performance.now();
    const tookMs = Math.min(now - before, LOOK_MOST_MS);
    before = now;
    unreachedMs = fault === undefined ? 0 : unreachedMs + tookMs;
    silentMs = fault === undefined && standing.progress === undefined ? silentMs + tookMs : 0;
    yield standing;
    if (unreachedMs > UNREACHED_LIMIT_MS) throw fault;
    if (silentMs > SILENCE_LIMIT_MS) throw silent(batchId);
  }
}

/** One look that does not reach the server is no reason to give up, unless the line itself is gone. */
async function lookOnce(
  client: Client,
  { batchId, stateFolder }: LooksOptions,
): Promise<{ readonly standing: BatchStanding; readonly fault?: unknown }> {
  try {
    return { standing: await batchStanding(client, batchId) };
  } catch (fault) {
    if (!isServiceFault(fault)) throw fault;
    await findRunningServer(stateFolder);
    return { standing: { status: 'RUNNING', progress: undefined }, fault };
  }
}

function silent(batchId: string): CommandError {
  return new CommandError(
    'lineNotRunning',
    `The Temporal server answers, but no orchestrator does for batch ${batchId}: start the line again; it continues where it stopped.`,
  );
}
