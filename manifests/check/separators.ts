import { csvCells, isQuotedRight } from '../csv/csv-cells.ts';
import { knownNames, REQUIRED_COLUMNS } from './column-names.ts';

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

/** The separator that a row uses instead of the header's; undefined where it is none that we know. */
export function otherSeparator(row: string, separator: string): string | undefined {
  return [...SEPARATORS.keys(), ...STRANGE.keys()].find(
    (other) => other.length === 1 && other !== separator.trim() && row.includes(other),
  );
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
