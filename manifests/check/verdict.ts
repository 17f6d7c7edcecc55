import type { Issue } from './issue.ts';

/** More faults than this in one answer help nobody: they have one cause. */
export const MAX_ISSUES = 1_000;

/** A manifest that became a batch. */
export interface Accepted {
  readonly status: 'accepted';
  readonly batchId: string;
  readonly order: string;
  readonly rows: number;
  /** ISO 8601. */
  readonly importedAt: string;
  /** The same content was accepted before, under this name: nothing was done again. */
  readonly duplicateOf?: string;
}

/** A manifest of which nothing was taken. */
export interface Rejected {
  readonly status: 'rejected';
  /** In the order of the lines, at most MAX_ISSUES. */
  readonly issues: readonly Issue[];
  /** Issues found beyond those. */
  readonly omitted: number;
  /** Lines below the header that were read, and those of them that have issues. */
  readonly rows: number;
  readonly refusedRows: number;
}

/** The answer to one manifest: all of it or nothing. */
export type Verdict = Accepted | Rejected;

/** The answer to a file that is refused as a whole. */
export function rejectedFile(found: Issue): Rejected {
  return { status: 'rejected', issues: [found], omitted: 0, rows: 0, refusedRows: 0 };
}
