import type { Issue } from './issue.ts';

/** Longer lists do not help: so many faults have one cause. */
export const MAX_ISSUES = 1_000;

/** A manifest that became a batch. */
export interface Accepted {
  readonly status: 'accepted';
  readonly batchId: string;
  readonly order: string;
  readonly rows: number;
  /** ISO 8601. */
  readonly importedAt: string;
  /** Sentences on what was understood where a strict reader would have refused. */
  readonly understood?: readonly string[];
  /** What is right, but may not be meant. */
  readonly warnings?: readonly string[];
  /** Batches that have the other units of the file; `rows` are the new ones. */
  readonly continues?: readonly string[];
  /** Name of the file that the result will be in. */
  readonly result?: string;
  /** The name under which the same content was accepted before; nothing was done this time. */
  readonly duplicateOf?: string;
}

/** A manifest that was refused; nothing of it was accepted. */
export interface Rejected {
  readonly status: 'rejected';
  /** In the order of the file, at most MAX_ISSUES. */
  readonly issues: readonly Issue[];
  /** Issues found beyond those. */
  readonly omitted: number;
  /** CSV rows below the header that were read, and how many of them have issues. */
  readonly rows: number;
  readonly refusedRows: number;
}

/** The answer to one manifest, which is accepted or refused as a whole. */
export type Verdict = Accepted | Rejected;

/** The answer to a file that is refused as a whole. */
export function rejectedFile(found: Issue): Rejected {
  return { status: 'rejected', issues: [found], omitted: 0, rows: 0, refusedRows: 0 };
}
