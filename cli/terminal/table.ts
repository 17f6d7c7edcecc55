import { styleText } from 'node:util';
import { beside } from './beside.ts';
import { GAP } from './column.ts';
import type { Column } from './column.ts';
import { fittedWidths, isFitting } from './column-widths.ts';
import { stackedRow } from './stacked-row.ts';
import { columnsOf, printDocument } from './stdout.ts';
import { padCells, padCellsStart, textWidth } from './text-width.ts';
import { wrapped } from './wrap.ts';

/** Rows by which the widths of the columns are settled; a table of any length then needs no memory. */
const MEASURED_ROWS = 500;

/**
 * Prints rows under their heads as they come, the columns as wide as the first 500 rows need. Where the terminal is narrower than
 * that, sentences take several rows; where that does not help either, each row becomes a few lines that name what they have. Nothing
 * is cut.
 */
export async function printTable(
  columns: readonly Column[],
  rows: Iterable<readonly string[]> | AsyncIterable<readonly string[]>,
): Promise<void> {
  const limit = columnsOf(process.stdout);
  let measured: (readonly string[])[] | undefined = [];
  let widths: readonly number[] | undefined;
  const print = (row: readonly string[]): void => {
    const isTable = widths !== undefined && isFitting(columns, widths, row, limit);
    printDocument((isTable ? rowLines(columns, widths!, row) : stackedRow(columns, row, limit)).join('\n'));
  };
  const begin = (found: readonly (readonly string[])[]): void => {
    widths = fittedWidths(columns, found, limit);
    if (widths !== undefined) printDocument(styleText('dim', headLine(columns, widths)));
    found.forEach(print);
    measured = undefined;
  };
  for await (const row of rows) {
    if (measured === undefined) print(row);
    else if (measured.push(row) === MEASURED_ROWS) begin(measured);
  }
  if (measured !== undefined) begin(measured);
}

/** Prints each label and its value, without those that are undefined; a value that is wide continues below its beginning. */
export function printFields(fields: readonly (readonly [label: string, value: string | undefined])[]): void {
  const width = Math.max(...fields.map(([label]) => textWidth(label)));
  for (const [label, value] of fields)
    if (value !== undefined) printBeside(styleText('dim', padCells(label, width)), value);
}

/** Prints a text beside a label; see `beside`. */
export function printBeside(label: string, text: string, gap?: string): void {
  printDocument(beside(label, text, columnsOf(process.stdout), gap).join('\n'));
}

function headLine(columns: readonly Column[], widths: readonly number[]): string {
  return joined(columns.map((column, at) => padded(column.head, column, widths[at]!)));
}

function rowLines(columns: readonly Column[], widths: readonly number[], row: readonly string[]): string[] {
  const cells = columns.map(({ wraps }, at) =>
    wraps ? wrapped(row[at] ?? '', widths[at]!) : [row[at] ?? ''],
  );
  const height = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_line, line) =>
    joined(
      columns.map((column, at) => {
        const style = row[at] ? column.style?.(row[at]) : undefined;
        const text = cells[at]![line] ?? '';
        return padded(
          style === undefined || text === '' ? text : styleText(style, text),
          column,
          widths[at]!,
        );
      }),
    ),
  );
}

function padded(cell: string, { align }: Column, width: number): string {
  return align === 'right' ? padCellsStart(cell, width) : padCells(cell, width);
}

function joined(cells: readonly string[]): string {
  return cells.join(GAP).trimEnd();
}
