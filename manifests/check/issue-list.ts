import type { Issue } from './issue.ts';
import type { ManifestEvent } from './parse-manifest.ts';
import { MAX_ISSUES } from './verdict.ts';
import type { Rejected } from './verdict.ts';

/** Collects the issues of one manifest: counts all of them, keeps the first MAX_ISSUES. */
export class IssueList {
  readonly #kept: Issue[] = [];
  /** CSV rows below the header so far, and how many of them have an issue. */
  rows = 0;
  refusedRows = 0;
  /** Issues so far. */
  count = 0;
  /** The order of the first good row; empty when there is none. */
  order = '';

  add(event: ManifestEvent): void {
    if (event.kind === 'file') {
      this.#keep([event.issue]);
      return;
    }
    this.rows += 1;
    if (event.kind === 'row') {
      this.order ||= event.row.order;
    } else {
      this.refusedRows += 1;
      this.#keep(event.issues);
    }
  }

  /** Adds issues of rows that were added as good ones. */
  addToRows(issues: readonly Issue[]): void {
    this.refusedRows += new Set(issues.map((found) => found.line)).size;
    this.#keep(issues);
  }

  verdict(): Rejected {
    const { rows, refusedRows, count } = this;
    const issues = this.#kept.toSorted((one, other) => one.line - other.line);
    return { status: 'rejected', issues, omitted: count - issues.length, rows, refusedRows };
  }

  #keep(issues: readonly Issue[]): void {
    this.count += issues.length;
    this.#kept.push(...issues.slice(0, MAX_ISSUES - this.#kept.length));
  }
}
