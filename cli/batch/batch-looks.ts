import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { findRunningServer } from '../../line/running-server.ts';
import { CommandError } from '../exit-status.ts';
import { isServiceFault } from '../line/line-client.ts';
import { batchStanding } from './batch-standing.ts';
import type { BatchStanding } from './batch-standing.ts';

/** A line that was killed is started again within this time, or somebody has to start it. */
const SILENCE_LIMIT_MS = 60_000;

export interface LooksOptions {
  readonly stateFolder: string;
  readonly batchId: string;
  readonly pauseMs: number;
  /** Ends the looking: its reason is thrown. */
  readonly signal: AbortSignal | undefined;
}

/**
 * How a batch stands, again and again, with a pause between two looks. Throws `lineNotRunning` when no orchestrator
 * answers for a minute, LINE_NOT_RUNNING when there is no server any more, `unknown`.
 */
export async function* looksAtBatch(client: Client, options: LooksOptions): AsyncGenerator<BatchStanding> {
  const { batchId, pauseMs, signal } = options;
  for (let answeredAt = performance.now(); ; await sleep(pauseMs)) {
    signal?.throwIfAborted();
    const standing = await lookOnce(client, options);
    if (standing.progress !== undefined) answeredAt = performance.now();
    yield standing;
    if (performance.now() - answeredAt > SILENCE_LIMIT_MS) throw silent(batchId);
  }
}

/** One look that does not reach the server is no reason to give up, unless the line itself is gone. */
async function lookOnce(client: Client, { batchId, stateFolder }: LooksOptions): Promise<BatchStanding> {
  try {
    return await batchStanding(client, batchId);
  } catch (error) {
    if (!isServiceFault(error)) throw error;
    await findRunningServer(stateFolder);
    return { status: 'RUNNING', progress: undefined };
  }
}

function silent(batchId: string): CommandError {
  return new CommandError(
    'lineNotRunning',
    `The Temporal server answers, but no orchestrator does for batch ${batchId}: start the line again; it continues where it stopped.`,
  );
}
