import { foldColumn, isPlainColumn, REQUIRED_COLUMNS } from './column-names.ts';
import type { PlainColumn } from './column-names.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import type { ManifestColumns } from './manifest-header.ts';
import { orderFault, serialFault } from './cell-rules.ts';
import { isNote } from './note-row.ts';
import { isSecondHeader } from './second-header.ts';
import { movedCell } from './moved-cell.ts';
import { cellsOf, otherSeparator, ownSeparator, wrongSeparator } from './separators.ts';
import { plainQuotes, quotesAround } from './strange-quotes.ts';

/** Words that stand before a sum below a table, in the languages of the large spreadsheets. */
const SUM_WORDS =
  /^(?:(?:grand|sub|sous|zwischen|teil|gesamt|genel|ara|eind|hoved|общий|celkový|kaikki)[ -]?)?(?:total|totals|totalsum|totalsumma|totale|totaal|toplam|sum|summe|ergebnis|somme|suma|součet|razem|gesamt|anzahl|count|végösszeg|yhteensä|итог|итого|всего|총합계|합계|小计|合计|总计|共计|合計|總計|計)(?:[ :=\d].*)?$/iu;

/** What people write for the value above. */
const DITTO =
  /^\s*(?:["'\u3003\u2033\u201D\u2193]{1,2}|\.{2,}|\u2026|idem|id\.|dito|ditto|do\.|s\.o\.|同上|同左|위와 같음)\s*$/iu;

/** What is above a CSV row, and what it is compared with. */
export interface RowContext {
  /** The order number and the product of the last good row. */
  readonly before: Readonly<Record<'order' | 'product', string>>;
  /** CSV rows above it. */
  readonly rows: number;
  readonly isProduct: (name: string) => boolean;
}

/** What a row is that is not a unit: one fault that explains those of all its cells. Undefined for a faulty unit. */
export function oddRow(
  line: number,
  cells: readonly string[],
  columns: ManifestColumns,
  { before, rows, isProduct }: RowContext,
): Issue | undefined {
  const value = cells.join(columns.separator);
  const cell = (column: PlainColumn): string => cells[columns.cells.get(column) ?? -1] ?? '';
  if (isHeader(cells, columns)) {
    const expected = `a unit: this is the header again, so delete line ${line}`;
    return issue('MANIFEST_HEADER_REPEATED', { line, value }, expected);
  }
  const quotes = REQUIRED_COLUMNS.map(cell).flatMap((text) => (text === '' ? [] : [quotesAround(text)]));
  const [first, ...others] = quotes;
  if (first !== undefined && others.length > 0 && others.every((each) => each !== undefined))
    return issue('MANIFEST_QUOTE', { line, value }, plainQuotes(first));
  const isWhole = REQUIRED_COLUMNS.every((column) => columns.cells.has(column));
  const joined = otherSeparated(line, cells, columns, isProduct);
  if (joined !== undefined) return joined;
  if (isWhole && isSum(cells, cell, rows)) {
    const expected = `a unit: this is a sum of the rows above, so delete line ${line}`;
    return issue('MANIFEST_TOTALS', { line, value }, expected);
  }
  const isBelowUnit = before.product !== '';
  const isOrderFirst = columns.cells.get('order') === 0 && before.order !== '';
  if (isNote(cells, { hasProduct: isProduct(cell('product')), isOrderFirst })) {
    const expected = `a unit: this is a note, so delete line ${line}`;
    return issue('MANIFEST_NOTE', { line, value }, expected);
  }
  const moved = isWhole ? movedCell(line, cells, columns, isProduct) : undefined;
  if (moved !== undefined) return moved;
  const isFull = isWhole && cells.length === columns.width;
  if (isFull && isSecondHeader(cells, { ...headerSigns(cell, isProduct), rows, isBelowUnit })) {
    const expected = `a unit: this is a second header, so delete line ${line}`;
    return issue('MANIFEST_HEADER_REPEATED', { line, value }, expected);
  }
  if (cells.length === 1 && columns.width > 1) return oneCell(line, cells[0]!, columns);
  return mergedCell(line, cell, before);
}

function isHeader(cells: readonly string[], columns: ManifestColumns): boolean {
  const names = [...columns.cells].filter(([name, at]) => foldColumn(cells[at] ?? '') === name);
  if (names.length >= 2) return true;
  return new Set(cells.map(foldColumn).filter(isPlainColumn)).size >= 3;
}

function headerSigns(
  cell: (column: PlainColumn) => string,
  isProduct: (name: string) => boolean,
): { readonly required: readonly string[]; readonly wrong: readonly string[] } {
  const required = REQUIRED_COLUMNS.map(cell);
  const [order = '', serial = '', product = ''] = required;
  const isWrong = [orderFault(order) !== undefined, serialFault(serial) !== undefined, !isProduct(product)];
  return { required, wrong: required.filter((_, at) => isWrong[at]) };
}

/** A row that has all cells of a unit, but not by the separator of the header. */
function otherSeparated(
  line: number,
  cells: readonly string[],
  { separator, width }: ManifestColumns,
  isProduct: (name: string) => boolean,
): Issue | undefined {
  const texts = cells.filter((text) => text.trim() !== '');
  const [only = ''] = texts;
  const hasProduct = (found: readonly string[]): boolean =>
    found.length >= REQUIRED_COLUMNS.length && found.some((text) => isProduct(text.trim()));
  if (texts.length === 1 && hasProduct(cellsOf(only, separator[0]!) ?? []))
    return issue('MANIFEST_ONE_CELL', { line, value: only });
  if (cells.length === width) return undefined;
  const value = cells.join(separator);
  const other = ownSeparator(value, separator, (found) => found.length === width && hasProduct(found));
  return other === undefined ? undefined : wrongSeparator(line, value, { separator, other });
}

function oneCell(line: number, text: string, { separator }: ManifestColumns): Issue | undefined {
  if (text.includes(separator.trim() || separator)) return issue('MANIFEST_ONE_CELL', { line, value: text });
  const other = otherSeparator(text, separator);
  if (other === undefined) return undefined;
  return wrongSeparator(line, text, { separator, other });
}

/** A word for a sum, or a number in the place of a serial: alone, or as many as there are rows of an order above. */
function isSum(cells: readonly string[], cell: (column: PlainColumn) => string, rows: number): boolean {
  const [order, serial, product] = [cell('order').trim(), cell('serial').trim(), cell('product').trim()];
  if (order !== '' && serial !== '' && product !== '') return false;
  if (cells.some((text) => SUM_WORDS.test(text.trim()))) return true;
  return product === '' && /^\d+$/.test(serial) && (order === '' || (rows > 0 && serial === String(rows)));
}

/** A spreadsheet writes the value of merged cells once, in the first row. */
function mergedCell(
  line: number,
  cell: (column: PlainColumn) => string,
  before: Readonly<Record<'order' | 'product', string>>,
): Issue | undefined {
  const isNotWritten = (text: string): boolean => text === '' || DITTO.test(text);
  const column = (['order', 'product'] as const).find(
    (name) => isNotWritten(cell(name)) && before[name] !== '',
  );
  if (column === undefined || isNotWritten(cell('serial'))) return undefined;
  const mark = cell(column);
  if (mark !== '')
    return issue(
      'MANIFEST_CELL_MERGED',
      { line, column, value: mark },
      `${column} in every CSV row: write "${before[column]}" here too`,
    );
  const expected = `${column} in every CSV row: unmerge the cells and fill them down, then export again`;
  return issue('MANIFEST_CELL_MERGED', { line, column }, expected);
}
