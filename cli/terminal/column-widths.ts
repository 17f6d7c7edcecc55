import { GAP } from './column.ts';
import type { Column } from './column.ts';
import { textWidth } from './text-width.ts';
import { widestPiece } from './wrap.ts';

/** A column of sentences is readable from this width on. */
const LEAST_OF_SENTENCES = 20;

/**
 * The width of each column, such that a row of these fits into `limit` cells: as wide as its widest cell, less where it has
 * sentences. Undefined where there are no such widths.
 */
export function fittedWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  limit: number,
): number[] | undefined {
  const widths = columns.map(({ head }, at) => widest([head, ...cellsAt(rows, at)], textWidth));
  const slack = columns.map(({ head, wraps }, at) => {
    const least = Math.max(LEAST_OF_SENTENCES, textWidth(head), widest(cellsAt(rows, at), widestPiece));
    return wraps ? Math.max(0, widths[at]! - least) : 0;
  });
  for (let excess = rowWidth(widths) - limit; excess > 0;) {
    const at = slack.indexOf(Math.max(...slack));
    const less = Math.min(excess, slack[at]!);
    if (less === 0) return undefined;
    widths[at]! -= less;
    slack[at]! -= less;
    excess -= less;
  }
  return widths;
}

/** Whether a row fits into `limit` cells with these widths, although they were found without it. */
export function isFitting(
  columns: readonly Column[],
  widths: readonly number[],
  row: readonly string[],
  limit: number,
): boolean {
  const needed = columns.map(({ wraps }, at) => {
    const cell = row[at] ?? '';
    return Math.max(widths[at]!, wraps ? widestPiece(cell) : textWidth(cell));
  });
  return rowWidth(needed) <= limit;
}

function cellsAt(rows: readonly (readonly string[])[], at: number): string[] {
  return rows.map((row) => row[at] ?? '');
}

function widest(cells: readonly string[], width: (cell: string) => number): number {
  return cells.reduce((most, cell) => Math.max(most, width(cell)), 0);
}

function rowWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
}
