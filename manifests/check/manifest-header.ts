import { csvCells, isQuotedRight } from '../csv/csv-cells.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import type { ManifestLine } from '../csv/manifest-lines.ts';

/** Attributes are for labels and traceability, not for a second database beside this one. */
const MAX_ATTR_COLUMNS = 32;

const ATTR_COLUMN = /^attr\.[a-z][a-z0-9_]{0,39}$/;
const REQUIRED = ['order', 'serial', 'product'] as const;
const OPTIONAL = ['board_id'] as const;

export type PlainColumn = (typeof REQUIRED)[number] | (typeof OPTIONAL)[number];

/** Which cell of a CSV row belongs to which column. */
export interface ManifestColumns {
  /** Cells in every CSV row. */
  readonly width: number;
  /** Cell numbers, from 0, of the columns in the header. */
  readonly cells: ReadonlyMap<PlainColumn, number>;
  /** Column names (`attr.<name>`) with their cell numbers. */
  readonly attrs: readonly (readonly [column: string, cell: number])[];
}

/**
 * Reads the header. The CSV rows can still be checked with the correct columns, so one wrong name does not hide the
 * other faults; `columns` is undefined when no column is correct.
 */
export function parseHeader(line: ManifestLine): { columns?: ManifestColumns; issues: Issue[] } {
  const { number, text, fault } = line;
  // Old systems end a line with CR alone. The whole file is one line then, and every other fault follows from that.
  if (/\r./s.test(text)) {
    return {
      issues: [
        issue('MANIFEST_LINE_ENDING', { line: number, value: text }, 'CSV rows that end with LF or CR LF'),
      ],
    };
  }
  if (fault !== undefined) return { issues: [issue(fault, { line: number, value: text })] };
  if (!isQuotedRight(text)) return { issues: [issue('MANIFEST_QUOTE', { line: number, value: text })] };
  const names = csvCells([text])[0] ?? [];
  if (names.length === 1 && /[;\t|]/.test(text)) {
    return { issues: [issue('MANIFEST_SEPARATOR', { line: number, value: text })] };
  }
  const columns = columnsOf(names);
  const issues = headerIssues(names, columns, number);
  return columns.cells.size === 0 ? { issues } : { columns, issues };
}

function columnsOf(names: readonly string[]): ManifestColumns {
  const cells = new Map<PlainColumn, number>();
  const attrs: [string, number][] = [];
  for (const [cell, name] of names.entries()) {
    if (names.indexOf(name) !== cell) continue;
    if (isPlainColumn(name)) cells.set(name, cell);
    else if (ATTR_COLUMN.test(name)) attrs.push([name, cell]);
  }
  return { width: names.length, cells, attrs };
}

function headerIssues(names: readonly string[], columns: ManifestColumns, line: number): Issue[] {
  const issues: Issue[] = [];
  for (const [cell, name] of names.entries()) {
    const place = { line, column: name, value: name };
    if (!isPlainColumn(name) && !ATTR_COLUMN.test(name)) issues.push(unknownColumn(name, cell, line));
    else if (names.indexOf(name) !== cell) issues.push(issue('MANIFEST_COLUMN_REPEATED', place));
  }
  for (const column of REQUIRED) {
    if (!columns.cells.has(column)) {
      issues.push(issue('MANIFEST_COLUMN_MISSING', { line, column }, `a column ${column}`));
    }
  }
  if (columns.attrs.length > MAX_ATTR_COLUMNS) issues.push(issue('MANIFEST_TOO_MANY_COLUMNS', { line }));
  return issues;
}

function unknownColumn(name: string, cell: number, line: number): Issue {
  const near = name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
  const place = { line, column: name === '' ? `column ${cell + 1}` : name, value: name };
  if (isPlainColumn(near) || ATTR_COLUMN.test(near)) return issue('MANIFEST_COLUMN_UNKNOWN', place, near);
  return issue('MANIFEST_COLUMN_UNKNOWN', place);
}

function isPlainColumn(name: string): name is PlainColumn {
  return [...REQUIRED, ...OPTIONAL].some((column) => column === name);
}
