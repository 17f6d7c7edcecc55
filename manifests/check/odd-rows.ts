import { foldColumn, isPlainColumn } from './column-names.ts';
import type { PlainColumn } from './column-names.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import type { ManifestColumns } from './manifest-header.ts';
import { otherSeparator, separatorName } from './separators.ts';

/** Words that stand before a sum below a table, in the languages of the large spreadsheets. */
const SUM_WORDS =
  /^(?:(?:grand|sub|sous|zwischen|teil|gesamt|genel|ara|eind)[ -]?)?(?:total|totals|totale|totaal|toplam|sum|summe|ergebnis|somme|suma|razem|gesamt|anzahl|count|итого|всего|小计|合计|总计|共计|合計|總計|計)(?:[ :=\d].*)?$/iu;

/** What a row is that is not a unit: one fault that explains those of all its cells. Undefined for a faulty unit. */
export function oddRow(
  line: number,
  cells: readonly string[],
  columns: ManifestColumns,
  before: Readonly<Record<'order' | 'product', string>>,
): Issue | undefined {
  const value = cells.join(columns.separator);
  const cell = (column: PlainColumn): string => cells[columns.cells.get(column) ?? -1] ?? '';
  if (isHeader(cells, columns)) {
    const expected = `a unit: this is the header again, so delete line ${line}`;
    return issue('MANIFEST_HEADER_REPEATED', { line, value }, expected);
  }
  if (cells.length === 1 && columns.width > 1) return oneCell(line, cells[0]!, columns);
  if (isSum(cells, cell)) {
    const expected = `a unit: this is a sum of the rows above, so delete line ${line}`;
    return issue('MANIFEST_TOTALS', { line, value }, expected);
  }
  return mergedCell(line, cell, before);
}

function isHeader(cells: readonly string[], columns: ManifestColumns): boolean {
  const names = [...columns.cells].filter(([name, at]) => foldColumn(cells[at] ?? '') === name);
  if (names.length >= 2) return true;
  return new Set(cells.map(foldColumn).filter(isPlainColumn)).size >= 3;
}

function oneCell(line: number, text: string, { separator }: ManifestColumns): Issue | undefined {
  if (text.includes(separator.trim() || separator)) return issue('MANIFEST_ONE_CELL', { line, value: text });
  const other = otherSeparator(text, separator);
  if (other === undefined) return undefined;
  const expected = `${separatorName(separator)}, as in the header: this CSV row has ${separatorName(other)}`;
  return issue('MANIFEST_SEPARATOR', { line, value: text }, expected);
}

function isSum(cells: readonly string[], cell: (column: PlainColumn) => string): boolean {
  const isEmpty = [cell('order'), cell('serial'), cell('product')].some((text) => text.trim() === '');
  if (!isEmpty) return false;
  if (cells.some((text) => SUM_WORDS.test(text.trim()))) return true;
  return cell('order').trim() === '' && cell('product').trim() === '' && /^\d+$/.test(cell('serial').trim());
}

/** A spreadsheet writes the value of merged cells once, in the first row. */
function mergedCell(
  line: number,
  cell: (column: PlainColumn) => string,
  before: Readonly<Record<'order' | 'product', string>>,
): Issue | undefined {
  const column = (['order', 'product'] as const).find((name) => cell(name) === '' && before[name] !== '');
  if (column === undefined || cell('serial') === '') return undefined;
  const expected = `${column} in every CSV row: unmerge the cells and fill them down, then export again`;
  return issue('MANIFEST_CELL_MERGED', { line, column }, expected);
}
