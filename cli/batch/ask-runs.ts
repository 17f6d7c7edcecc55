import { reasonOf } from '../report-failure.ts';

/**
 * Asks each run of a batch, one after the other. That one refuses is no failure where another one does not: it may have it so
 * already. Throws the first refusal where all refuse, and at once what else `ask` throws.
 */
export async function askRuns(
  runIds: readonly string[],
  ask: (runId: string) => Promise<void>,
): Promise<void> {
  const refusals: unknown[] = [];
  for (const runId of runIds) {
    try {
      await ask(runId);
    } catch (error) {
      if (reasonOf(error) !== 'refused') throw error;
      refusals.push(error);
    }
  }
  if (refusals.length === runIds.length) throw refusals[0];
}
