import type { IssueCode } from '../issue-codes.ts';
import type { Issue } from './issue.ts';
import { KeyTable } from './key-table.ts';
import type { ManifestPage } from './parse-manifest.ts';
import type { TakenRow } from './registered-units.ts';
import { MAX_ISSUES } from './verdict.ts';
import type { Rejected } from './verdict.ts';

/** So many faults in half of the CSV rows have one cause, and are one row of the answer. */
const FEW = 20;

/** What is wrong with a file as a whole, though it shows in each CSV row. */
const OF_THE_FILE: readonly IssueCode[] = [
  'MANIFEST_SEPARATOR',
  'MANIFEST_ONE_CELL',
  'MANIFEST_ENCODING',
  'MANIFEST_LINE_ENDING',
  'MANIFEST_QUOTE',
  'MANIFEST_COLUMN_UNNAMED',
];

/** What a program does to a column or leaves between rows, though not in each row. */
const OF_SOME_ROWS: readonly IssueCode[] = [
  'MANIFEST_ZEROS_LOST',
  'MANIFEST_MANGLED',
  'MANIFEST_DATE',
  'MANIFEST_SHEET_ERROR',
  'MANIFEST_CELL_MERGED',
  'MANIFEST_EMPTY_LINE',
  'MANIFEST_HEADER_REPEATED',
];

/** The issues of one code in one column, or those of them with one cause. */
interface Group {
  readonly first: Issue;
  last: Issue;
  count: number;
}

/** Collects the issues of one manifest: counts all of them, keeps the first MAX_ISSUES. */
export class IssueList {
  readonly #kept: Issue[] = [];
  readonly #groups = new Map<string, Group>();
  readonly #causes = new Map<string, Group>();
  /** CSV rows below the header so far, and how many of them have an issue. */
  rows = 0;
  refusedRows = 0;
  /** Issues so far. */
  count = 0;
  /** The order of the first good row; empty when there is none. */
  order = '';
  /** The products of the good rows. */
  readonly products = new Set<string>();
  /** Serials that earlier batches have, and those batches. */
  readonly taken = new KeyTable();
  readonly takenBy = new Set<string>();
  /** Issues other than that an earlier batch has a serial, or a serial and its board. */
  otherCount = 0;
  /** Sentences on what was understood where a strict reader would have refused. */
  understood: readonly string[] = [];

  add({ rows, refused, issues, late, understood }: ManifestPage): void {
    this.rows += rows.length + refused;
    this.refusedRows += refused;
    this.order ||= rows[0]?.order ?? '';
    let last: string | undefined;
    for (const { product } of rows) {
      if (product !== last) this.products.add(product);
      last = product;
    }
    this.otherCount += issues.length + late.length;
    if (understood.length > 0) this.understood = understood;
    this.#keep(issues);
    this.addToRows(late);
  }

  /** Adds an issue of the file as a whole, or of rows that were added as good ones. */
  addToRows(issues: readonly Issue[]): void {
    // Line 0 is the file, which is no CSV row.
    this.refusedRows += new Set(issues.flatMap(({ line }) => (line > 0 ? line : []))).size;
    this.#keep(issues);
  }

  /** Adds rows that earlier batches have. */
  addTaken(found: readonly TakenRow[]): void {
    for (const { row, issues, serialBatch } of found) {
      this.addToRows(issues);
      if (serialBatch === undefined) this.otherCount += issues.length;
      else {
        this.taken.add(row.serial, row.line);
        this.takenBy.add(serialBatch);
      }
    }
  }

  verdict(): Rejected {
    const { rows, refusedRows, count } = this;
    const columns = [...this.#groups.values()].filter((group) => isCommonTo(group, rows));
    const isCommon = new Set(columns.map(({ first }) => groupOf(first)));
    const causes = [...this.#causes.values()].filter(
      ({ first, count: same }) => same > 1 && !isCommon.has(groupOf(first)),
    );
    const isShared = new Set(causes.map(({ first }) => causeOf(first)));
    const single = this.#kept.filter(
      (found) => !isCommon.has(groupOf(found)) && !isShared.has(causeOf(found)),
    );
    const common = [...columns, ...causes];
    const explained = common.reduce((sum, group) => sum + group.count, 0);
    const issues = [...single, ...common.map(together)]
      .toSorted((one, other) => one.line - other.line)
      .slice(0, MAX_ISSUES)
      .map(withoutCause);
    return { status: 'rejected', issues, omitted: count - explained - single.length, rows, refusedRows };
  }

  #keep(issues: readonly Issue[]): void {
    this.count += issues.length;
    for (const found of issues) {
      countIn(this.#groups, groupOf(found), found);
      if (found.cause !== undefined) this.#keepCause(found);
      // The first of a group is kept in it.
      if (this.#kept.length < MAX_ISSUES) this.#kept.push(found);
    }
  }

  /** Keeps at most as many causes as faults are listed. */
  #keepCause(found: Issue): void {
    const key = causeOf(found);
    if (this.#causes.has(key) || this.#causes.size < MAX_ISSUES) countIn(this.#causes, key, found);
  }
}

/** The cause is for this list alone. */
function withoutCause({ line, column, value, expected, code }: Issue): Issue {
  return { line, column, value, expected, code };
}

function isCommonTo({ first, count }: Group, rows: number): boolean {
  if (OF_SOME_ROWS.includes(first.code)) return count > FEW;
  return count > (OF_THE_FILE.includes(first.code) ? 1 : FEW) && 2 * count >= rows;
}

function groupOf({ code, column }: Issue): string {
  return `${code} ${column}`;
}

function causeOf(found: Issue): string {
  return `${groupOf(found)} ${found.cause?.id}`;
}

function countIn(groups: Map<string, Group>, key: string, found: Issue): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, { first: found, last: found, count: 1 });
  else {
    group.count += 1;
    group.last = found;
  }
}

function together({ first, last, count }: Group): Issue {
  const more = count === 2 ? 'CSV row' : 'CSV rows';
  const isOneCause = first.cause !== undefined && first.cause.id === last.cause?.id;
  const remedy = isOneCause && last.cause?.remedy !== undefined ? `: ${last.cause.remedy}` : '';
  return {
    ...first,
    expected: `${first.expected}; the same in ${count - 1} more ${more}, up to line ${last.line}${remedy}`,
  };
}
