import { csvCells, isQuotedRight } from '../csv/csv-cells.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import { knownNames, meantColumn, REQUIRED_COLUMNS } from './column-names.ts';

/** Separators that are accepted, and what people call them. */
const SEPARATORS = new Map([
  [',', 'commas'],
  [';', 'semicolons'],
  ['\t', 'tabs'],
  [', ', 'commas and spaces'],
  ['; ', 'semicolons and spaces'],
]);

/** Separators that are only recognised. */
const STRANGE = new Map([
  ['|', 'vertical bars'],
  ['\uFF0C', 'full-width commas'],
  ['\uFF1B', 'full-width semicolons'],
  ['\u3001', 'ideographic commas'],
  ['\u060C', 'Arabic commas'],
  ['\u061B', 'Arabic semicolons'],
  ['\u2502', 'lines (\u2502)'],
]);

/** Separators that are recognised in a header with every required column alone: sentences have them too. */
const OF_SENTENCES = new Map([
  [':', 'colons'],
  [' ', 'spaces'],
]);

/** The name of a separator in the plural: `semicolons`. */
export function separatorName(separator: string): string {
  return (
    SEPARATORS.get(separator) ?? STRANGE.get(separator) ?? OF_SENTENCES.get(separator) ?? `"${separator}"`
  );
}

export function isAccepted(separator: string): boolean {
  return SEPARATORS.has(separator);
}

/** The cells of a line; undefined where its quotes are not right. */
export function cellsOf(line: string, separator: string): string[] | undefined {
  // A million faulty rows are read here, too.
  if (!line.includes('"')) return line.split(separator);
  return isQuotedRight(line, separator) ? csvCells([line], separator)[0] : undefined;
}

/** What a line says when it is read as a header: the separators with the most names of columns; none without a name. */
export function headerSeparators(line: string): readonly string[] {
  let most = 1;
  let best: string[] = [];
  for (const separator of [...SEPARATORS.keys(), ...STRANGE.keys(), ...OF_SENTENCES.keys()]) {
    if (!line.includes(separator) && separator !== ',') continue;
    const names = knownNames(cellsOf(line, separator) ?? []);
    if (OF_SENTENCES.has(separator) && (names <= most || names < REQUIRED_COLUMNS.length)) continue;
    if (names > most) best = [];
    if (names >= most) best.push(separator);
    most = Math.max(most, names);
  }
  return withSpaces(best, line);
}

/** The separator of a header in which every required name has a mark: `order*,serial*,product*`; none in another line. */
export function markedSeparators(line: string): readonly string[] {
  const hasAll = (separator: string): boolean => {
    const meant = (cellsOf(line, separator) ?? []).map(meantColumn);
    return REQUIRED_COLUMNS.every((column) => meant.includes(column));
  };
  return withSpaces([...SEPARATORS.keys()].filter(hasAll), line);
}

/**
 * The separator of the CSV rows: that of the header, or the same without its space where the first of the rows has no
 * space after it. `width`: cells of the header.
 */
export function rowSeparator(separator: string, rows: readonly string[], width: number): string {
  const [plain = ''] = separator;
  const first = rows.find((row) => row.replaceAll(plain, '').trim() !== '');
  if (separator.length === 1 || first === undefined) return separator;
  const cells = (by: string): number => withLastCell(cellsOf(first, by) ?? [], by).length;
  return cells(separator) !== width && cells(plain) === width ? plain : separator;
}

/** The cells of a row from whose end an editor removed the space of the last separator. */
export function withLastCell(cells: readonly string[], separator: string): readonly string[] {
  const last = cells.at(-1) ?? '';
  if (separator.length === 1 || !last.endsWith(separator[0]!)) return cells;
  return [...cells.slice(0, -1), last.slice(0, -1), ''];
}

/** The separator that a row uses instead of the header's; undefined where it is none that we know. */
export function otherSeparator(row: string, separator: string): string | undefined {
  return [...SEPARATORS.keys(), ...STRANGE.keys()].find(
    (other) => other.length === 1 && other !== separator.trim() && row.includes(other),
  );
}

/** The separator by which a row has the cells of a unit, or which it has beside that of the header. */
export function ownSeparator(
  row: string,
  separator: string,
  isUnit: (cells: readonly string[]) => boolean,
): string | undefined {
  const plain = separator[0]!;
  const others = [...SEPARATORS.keys(), ...STRANGE.keys(), ...OF_SENTENCES.keys()].filter(
    (other) => !other.startsWith(plain) && row.includes(other),
  );
  return others.find((other) => {
    const cells = other === ' ' ? row.trim().split(/ +/) : (cellsOf(row, other) ?? []);
    return isUnit(cells) || isUnit(cellsOf(row.replaceAll(other, plain), plain) ?? []);
  });
}

/** The fault of a row that has not the separator of the header. */
export function wrongSeparator(
  line: number,
  value: string,
  { separator, other }: { readonly separator: string; readonly other: string },
): Issue {
  const expected = `${separatorName(separator)}, as in the header: this CSV row has ${separatorName(other)}`;
  return issue('MANIFEST_SEPARATOR', { line, value }, expected);
}

/** A comma alone and a comma with a space find the same names: with the space if there is one after each comma. */
function withSpaces(best: readonly string[], line: string): readonly string[] {
  return best.filter((separator) => {
    if (separator.length === 2) return everySpaced(line, separator);
    return !(best.includes(`${separator} `) && everySpaced(line, `${separator} `));
  });
}

function everySpaced(line: string, spaced: string): boolean {
  return !line.replaceAll(spaced, '').includes(spaced[0]!);
}
