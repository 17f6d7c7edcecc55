import type { BatchSummary } from '../../registry/registry.ts';

/** How a batch stands by the registry: `waits` when a person must decide before it can end. */
export type BatchState = 'closed' | 'not started' | 'waits' | 'open';

/** The one word for a batch. */
export function batchState({ batch, attention }: BatchSummary): BatchState {
  if (batch.state === 'closed') return 'closed';
  if (batch.startedAt === undefined) return 'not started';
  return attention > 0 ? 'waits' : 'open';
}
