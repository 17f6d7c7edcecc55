import { styleText } from 'node:util';
import { printLine } from './stdout.ts';
import { padCells, padCellsStart, textWidth } from './text-width.ts';

/** Rows by which the widths of the columns are settled; a table of any length then needs no memory. */
const MEASURED_ROWS = 500;

const GAP = '  ';

/** A column: its head, and how a cell looks, depending on its text. */
export interface Column {
  readonly head: string;
  readonly align?: 'right';
  readonly style?: (cell: string) => Parameters<typeof styleText>[0] | undefined;
}

/** Prints rows under their heads as they come, the columns as wide as the first 500 rows need. */
export async function printTable(
  columns: readonly Column[],
  rows: Iterable<readonly string[]> | AsyncIterable<readonly string[]>,
): Promise<void> {
  let measured: (readonly string[])[] = [];
  let widths: readonly number[] | undefined;
  const begin = (): readonly number[] => {
    const found = widthsOf(columns, measured);
    const heads = columns.map(({ head }) => head);
    printLine(styleText('dim', joined(heads.map((head, at) => padded(head, columns[at]!, found[at]!)))));
    for (const row of measured) printLine(rowLine(columns, found, row));
    measured = [];
    return found;
  };
  for await (const row of rows) {
    if (widths) printLine(rowLine(columns, widths, row));
    else if (measured.push(row) === MEASURED_ROWS) widths = begin();
  }
  if (!widths) begin();
}

/** Prints each label and its value on a line of its own, without those that are undefined. */
export function printFields(fields: readonly (readonly [label: string, value: string | undefined])[]): void {
  const width = Math.max(...fields.map(([label]) => textWidth(label)));
  for (const [label, value] of fields) {
    if (value !== undefined) printLine(`${styleText('dim', padCells(label, width))}${GAP}${value}`);
  }
}

function widthsOf(columns: readonly Column[], rows: readonly (readonly string[])[]): number[] {
  return columns.map(({ head }, at) =>
    Math.max(textWidth(head), ...rows.map((row) => textWidth(row[at] ?? ''))),
  );
}

function rowLine(columns: readonly Column[], widths: readonly number[], row: readonly string[]): string {
  const cells = columns.map((column, at) => {
    const cell = row[at] ?? '';
    const text = padded(cell, column, widths[at]!);
    const style = cell === '' ? undefined : column.style?.(cell);
    return style === undefined ? text : styleText(style, text);
  });
  return joined(cells);
}

function padded(cell: string, { align }: Column, width: number): string {
  return align === 'right' ? padCellsStart(cell, width) : padCells(cell, width);
}

function joined(cells: readonly string[]): string {
  return cells.join(GAP).trimEnd();
}
