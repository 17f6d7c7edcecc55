import type { BatchProgress } from '../../provisioning/batch.ts';
import type { BatchRecord } from '../../registry/registry.ts';
import { CommandError } from '../exit-status.ts';

/** How a batch stands; how many of its units wait is a count beside it, since others may be under way meanwhile. */
type BatchState = 'not started' | 'open' | 'reopened' | 'closed';

/** The one word for a batch, in text and JSON. Reopened: its first run has ended, and a supplement has not. */
export function batchState({ state, startedAt, closedAt }: BatchRecord): BatchState {
  if (state === 'open' && closedAt !== undefined) return 'reopened';
  return state === 'open' && startedAt === undefined ? 'not started' : state;
}

/** Throws `notAllPassed`, with what to do, unless every unit passed. */
export function mustAllPass({ batchId, quantity, passed, attention }: BatchProgress): void {
  if (passed === quantity) return;
  const left = `${quantity - passed} of ${quantity} ${quantity === 1 ? 'unit' : 'units'} did not pass`;
  const cure =
    attention.length > 0
      ? `${attention.length} ${attention.length === 1 ? 'waits' : 'wait'} for a decision, see "certline batch show ${batchId}", then run "certline batch rerun ${batchId}"`
      : `see "certline batch show ${batchId} --units"`;
  throw new CommandError('notAllPassed', `${left}: ${cure}.`);
}
