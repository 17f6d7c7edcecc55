import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { BatchProgress } from '../../provisioning/batch.ts';
import { findRunningServer } from '../../line/running-server.ts';
import { batchStanding } from './batch-standing.ts';
import type { BatchStanding } from './batch-standing.ts';
import { CommandError } from '../exit-status.ts';
import { isServiceFault, withLineClient } from '../line/line-client.ts';
import { isSettled, renderLine, renderPlain } from '../line/line-view.ts';
import type { LineView } from '../line/line-view.ts';
import { liveBatchId } from './live-batch-id.ts';
import { LiveScreen } from '../terminal/live-screen.ts';
import { readStationTiles } from '../line/station-tiles.ts';
import { printLine } from '../terminal/stdout.ts';

/** Pause between looks, milliseconds: what the eye follows on a screen, what a log needs. */
const SCREEN_PAUSE_MS = 400;
const PLAIN_PAUSE_MS = 1_000;

/** A line that was killed is started again within this time, or somebody has to be told. */
const SILENCE_LIMIT_MS = 60_000;

const ENDED_EARLY: ReadonlySet<BatchStanding['status']> = new Set([
  'CANCELLED',
  'TERMINATED',
  'FAILED',
  'TIMED_OUT',
]);

export interface ShowOptions {
  readonly quiet: boolean;
  /** Stops the show: its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Goes on while units wait for a decision, until the batch is through. */
  readonly patient?: boolean;
}

/**
 * Shows a batch until every unit has ended or waits for a decision, and returns how it stands then. On a terminal a live
 * screen with the sockets of this state folder, else a line whenever the counts change. Throws `lineNotRunning` when
 * nobody answers for a minute, `notAllPassed` when the batch was cancelled, `unknown`.
 */
export async function showBatch(
  stateFolder: string,
  batchId: string,
  { quiet, signal, patient = false }: ShowOptions,
): Promise<BatchProgress> {
  return await withLineClient(stateFolder, async (client) => {
    const show = quiet ? () => undefined : process.stdout.isTTY ? liveShow() : plainShow();
    const pauseMs = process.stdout.isTTY ? SCREEN_PAUSE_MS : PLAIN_PAUSE_MS;
    const begin = performance.now();
    let heardAt = begin;
    let passedBefore: number | undefined;
    let throughBefore = false;
    for (;;) {
      signal?.throwIfAborted();
      const { status, progress } = await lookAgain(client, batchId, stateFolder);
      if (progress) {
        heardAt = performance.now();
        passedBefore ??= progress.passed;
        const passedHere = progress.passed - passedBefore;
        const stations = readStationTiles(stateFolder);
        show({ progress, stations, elapsedMs: heardAt - begin, passedHere });
      }
      const through = progress !== undefined && isThrough(status, progress, patient);
      // Twice: a rerun that was just asked for needs a moment until the units that wait are under way.
      if (through && (throughBefore || status === 'COMPLETED')) return progress;
      throughBefore = through;
      if (ENDED_EARLY.has(status)) throw endedEarly(batchId, status);
      if (performance.now() - heardAt > SILENCE_LIMIT_MS) throw silent(batchId);
      await sleep(pauseMs);
    }
  });
}

/** `certline batch watch`. Throws what `showBatch` and `mustAllPass` throw. */
export async function followGivenBatch(stateFolder: string, given: string): Promise<void> {
  const batchId = await liveBatchId(stateFolder, given);
  mustAllPass(await showBatch(stateFolder, batchId, { quiet: false }));
}

/** Throws `notAllPassed`, with what to do, unless every unit passed. */
export function mustAllPass({ batchId, rows, passed, attention }: BatchProgress): void {
  if (passed === rows) return;
  const left = `${rows - passed} of ${rows} ${rows === 1 ? 'unit' : 'units'} did not pass`;
  const cure =
    attention.length > 0
      ? `${attention.length} ${attention.length === 1 ? 'waits' : 'wait'} for a decision, see "certline batch show ${batchId}", then "certline batch rerun ${batchId}"`
      : `see "certline batch show ${batchId} --units"`;
  throw new CommandError('notAllPassed', `${left}: ${cure}.`);
}

/** With units that wait nothing moves, and the workflow runs on; without, its end means that the result is written. */
function isThrough(status: BatchStanding['status'], progress: BatchProgress, patient: boolean): boolean {
  return status === 'COMPLETED' || (!patient && isSettled(progress) && progress.attention.length > 0);
}

/** One look that does not reach the server is no reason to give up, unless the line itself is gone. */
async function lookAgain(client: Client, batchId: string, stateFolder: string): Promise<BatchStanding> {
  try {
    return await batchStanding(client, batchId);
  } catch (error) {
    if (!isServiceFault(error)) throw error;
    await findRunningServer(stateFolder);
    return { status: 'RUNNING', progress: undefined };
  }
}

function liveShow(): (view: LineView) => void {
  const screen = new LiveScreen(process.stdout);
  return (view) => screen.draw(renderLine(view));
}

/** The rate and the time left change all the time: only counts are news. */
function plainShow(): (view: LineView) => void {
  let shown = '';
  return (view) => {
    const { passed, failed, errors, held, started, attention } = view.progress;
    const counts = [passed, failed, errors, held, started, attention.length].join();
    if (counts === shown) return;
    shown = counts;
    printLine(renderPlain(view));
  };
}

function endedEarly(batchId: string, status: BatchStanding['status']): CommandError {
  return new CommandError(
    'notAllPassed',
    `Batch ${batchId} was ended (${status.toLowerCase()}): see "certline batch show ${batchId}" for what had passed.`,
  );
}

function silent(batchId: string): CommandError {
  return new CommandError(
    'lineNotRunning',
    `The server is there, but no orchestrator answers for batch ${batchId}: start the line again, it goes on where it was.`,
  );
}
