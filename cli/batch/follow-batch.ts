import type { BatchProgress } from '../../provisioning/batch.ts';
import { withLineClient } from '../line/line-client.ts';
import { printJson } from '../terminal/stdout.ts';
import type { Invocation } from '../invocation.ts';
import { BatchEnd } from './batch-end.ts';
import { looksAtBatch } from './batch-looks.ts';
import { batchShow, SHOW_PAUSE_MS } from './batch-show.ts';
import { mustAllPass } from './batch-words.ts';
import { liveRunIds } from './find-run.ts';

export interface ShowOptions {
  readonly quiet: boolean;
  /** Stops the show: its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Continues while units wait for a decision, until the batch has ended. */
  readonly patient?: boolean;
}

/**
 * Shows a batch until every unit has ended or waits for a decision, and returns its progress then. On a terminal a live
 * screen with the sockets of this state folder, else a line whenever the counts change. Throws `lineNotRunning` when
 * no orchestrator answers for a minute, `notAllPassed` when the batch was cancelled, `unknown`.
 */
export async function showBatch(
  stateFolder: string,
  batchId: string,
  { quiet, signal, patient = false }: ShowOptions,
): Promise<BatchProgress> {
  const show = quiet ? undefined : batchShow(stateFolder);
  const end = new BatchEnd({ isPatient: patient });
  return await withLineClient(stateFolder, async (client) => {
    const looks = looksAtBatch(client, { stateFolder, batchId, pauseMs: SHOW_PAUSE_MS, signal });
    for await (const standing of looks) {
      if (standing.progress !== undefined) show?.(standing.progress);
      const final = end.reached(standing, batchId);
      if (final !== undefined) return final;
    }
    throw new Error('looking at a batch has no end of its own');
  });
}

/** `certline batch watch`: all runs that are open. Throws what `showBatch` and `mustAllPass` throw. */
export async function followGivenBatch(
  invocation: Invocation,
  given: string,
  { json = false }: { readonly json?: boolean } = {},
): Promise<void> {
  const ends: BatchProgress[] = [];
  for (const runId of await liveRunIds(invocation, given)) {
    ends.push(await showBatch(invocation.stateFolder, runId, { quiet: json }));
  }
  if (json) printJson(ends);
  for (const end of ends) mustAllPass(end);
}
