import type { FailureRow } from './failure-table.ts';
import { RETRY_LATER_MS, RETRY_NOW_MS, RETRY_PAUSE_MS } from './timeouts.ts';

/** Milliseconds between the try of this number, from 1, that failed so, and the next one. */
export function retryPauseMs({ retry }: Pick<FailureRow, 'retry'>, tried: number): number {
  if (retry === 'now') return RETRY_NOW_MS;
  return Math.min(RETRY_LATER_MS * 2 ** Math.min(tried - 1, 10), RETRY_PAUSE_MS.longest);
}
