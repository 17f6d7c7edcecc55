import type { Decision } from './decision.ts';

/** Temporal's keys: of the tasks that wait in a queue, those with the lowest one go first. */
export const PRIORITY = { first: 1, usual: 3, last: 5 } as const;

/** Whether it is a priority that a batch can have. */
export function isPriority(value: number): boolean {
  return Number.isInteger(value) && value >= PRIORITY.first && value <= PRIORITY.last;
}

/** The priority that a batch has now: that of its manifest, unless somebody has decided on another one. */
export function priorityNow(
  { priority = PRIORITY.usual }: { readonly priority?: number },
  decisions: readonly Decision[],
): number {
  const last = decisions.findLast(({ verdict }) => verdict === 'priority');
  return last?.detail === undefined ? priority : Number(last.detail);
}

/** Which batches go before or after one of this priority. */
export function prioritySays(priority: number): string {
  if (priority === PRIORITY.usual) return `${priority}, the usual one`;
  return priority < PRIORITY.usual
    ? `${priority}: its units get boards before those of other batches`
    : `${priority}: its units get boards after those of other batches`;
}
