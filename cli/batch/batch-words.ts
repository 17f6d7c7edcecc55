import type { BatchProgress } from '../../provisioning/batch.ts';
import type { BatchSummary } from '../../registry/registry.ts';
import { CommandError } from '../exit-status.ts';

/** How a batch stands by the registry: `waits` when a person must decide before it can end. */
type BatchState = 'closed' | 'not started' | 'waits' | 'open';

/** The one word for a batch. */
export function batchState({ batch, attention }: BatchSummary): BatchState {
  if (batch.state === 'closed') return 'closed';
  if (batch.startedAt === undefined) return 'not started';
  return attention > 0 ? 'waits' : 'open';
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
