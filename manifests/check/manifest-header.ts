import { visibleText } from '../csv/visible-text.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import {
  expectedColumn,
  foldColumn,
  isAttrColumn,
  isPlainColumn,
  knownNames,
  MAX_ATTR_COLUMNS,
  meantColumn,
  REQUIRED_COLUMNS,
} from './column-names.ts';
import type { PlainColumn } from './column-names.ts';
import { lineEndIssue, mixedLineEnds, strangeLineEnd, swappedLineEnds } from './line-end-issues.ts';
import { cellsOf, headerSeparators, isAccepted, markedSeparators, separatorName } from './separators.ts';
import { plainQuotes, strangeQuotes, withoutStrangeQuotes } from './strange-quotes.ts';

/** Which cell of a CSV row belongs to which column. */
export interface ManifestColumns {
  readonly separator: string;
  /** Cells in every CSV row. */
  readonly width: number;
  /** Cell numbers, from 0, of the columns in the header. */
  readonly cells: ReadonlyMap<PlainColumn, number>;
  /** Column names (`attr.<name>`) with their cell numbers. */
  readonly attrs: readonly (readonly [column: string, cell: number])[];
  /** Cell numbers of columns without a name, which must be empty. */
  readonly unnamed: readonly number[];
  /** The header has another name for board_id, which is its fault. */
  readonly hasMeantBoard: boolean;
}

/** The header of a manifest, or why there is none. */
export interface HeaderReading {
  /** Undefined when the file cannot be read further. */
  readonly columns?: ManifestColumns;
  /** Line of the header, from 1. */
  readonly line: number;
  readonly issues: readonly Issue[];
  /** Sentences on what was understood where a strict reader would have refused. */
  readonly understood: readonly string[];
}

/** The version of the manifest format that this program reads. */
export const FORMAT_VERSION = '1';

/** The first cell of the line, above the header, that says which version a manifest has. */
export const FORMAT_NAME = 'certline-manifest';

/** Lines in which a header is looked for, to say where it is. */
const SEARCHED_LINES = 20;

/** Lines at whose beginning the names of columns may be, of a table on its side. */
const MOST_PLAIN = 8;

const TRANSPOSED =
  'the columns beside each other, and a CSV row for each unit: here they are below each other, so transpose the table';

/** Line breaks of word processors and of other times, which end no line of a CSV. */
const STRANGE_LINE_END = /[\v\f\u0085\u2028\u2029]/;

/** Excel's own line: `sep=;`. */
const SEPARATOR_LINE = /^"?sep=(.)"?[\s,;]*$/i;

/**
 * Reads the header from the first lines of a file. The CSV rows can still be checked with the correct columns, so one
 * wrong name does not hide the other faults.
 */
export function readHeader(lines: readonly string[]): HeaderReading {
  let at = 0;
  const understood: string[] = [];
  const declared = SEPARATOR_LINE.exec(lines[at] ?? '')?.[1];
  if (declared !== undefined) {
    at += 1;
    understood.push(`Line 1 says that the columns are separated by ${separatorName(declared)}.`);
  }
  const version = versionOf(lines[at] ?? '');
  if (version !== undefined) {
    if (version !== FORMAT_VERSION) return refused(at, wrongVersion(version, at));
    at += 1;
  }
  const text = lines[at] ?? '';
  if (text.endsWith('\r')) return refused(at, lineEndIssue(at + 1, text));
  if (isSwapped(lines, at)) return refused(at, swappedLineEnds(at + 1, text));
  const [begin = ''] = text.split('\r', 1);
  if (begin !== text && headerSeparators(begin).length > 0) return refused(at, mixedLineEnds(at + 1, text));
  const end = STRANGE_LINE_END.exec(text);
  if (end !== null && headerSeparators(text.slice(0, end.index)).length > 0)
    return refused(at, strangeLineEnd(at + 1, text, end[0]));
  if (declared !== undefined) {
    const wrong = wrongDeclaration(lines, at, declared);
    if (wrong !== undefined) return refused(at, wrong);
  }
  const plain = declared === undefined ? headerSeparators(text) : declaredSeparators(text, declared);
  const hasMarks = plain.length === 0 && strangeQuotes(text).length === 0;
  const separators = hasMarks ? markedSeparators(text) : plain;
  const [separator, other] = separators;
  if (separator === undefined) return refused(at, noHeader(lines, at));
  if (other !== undefined) return refused(at, ambiguous(at, text, separators));
  if (!isAccepted(separator)) return refused(at, strangeSeparator(at, text, separator));
  if (isTransposed(lines, at, separator))
    return refused(at, issue('MANIFEST_NO_HEADER', { line: at + 1, value: text }, TRANSPOSED));
  return columnsOf(cellsOf(text, separator) ?? [], separator, at + 1, understood);
}

/** Whether the names of the columns are below each other, each at the beginning of a line. */
function isTransposed(lines: readonly string[], at: number, separator: string): boolean {
  const [first = [], ...below] = lines
    .slice(at, at + MOST_PLAIN)
    .map((line) => cellsOf(line, separator) ?? []);
  const names = [first, ...below].map(([name = '']) => name);
  return knownNames(first) === 1 && knownNames(names) > 2;
}

/** LF CR: each of the lines below begins with CR. One alone may be the only one that does. */
function isSwapped(lines: readonly string[], at: number): boolean {
  const below = lines.slice(at + 1);
  return below.length > 1 && below.every((line) => line.startsWith('\r'));
}

function refused(at: number, found: Issue): HeaderReading {
  return { line: at + 1, issues: [found], understood: [] };
}

function versionOf(line: string): string | undefined {
  const [name, version = ''] = line.replaceAll('"', '').split(/[,;\t]/);
  return foldColumn(name ?? '') === FORMAT_NAME ? version.trim() : undefined;
}

function wrongVersion(version: string, at: number): Issue {
  const expected = `version ${FORMAT_VERSION}: make the manifest again from the template (certline manifest new), or update Certline`;
  return issue('MANIFEST_VERSION', { line: at + 1, value: version }, expected);
}

function declaredSeparators(text: string, declared: string): readonly string[] {
  const spaced = headerSeparators(text).filter((found) => found.startsWith(declared));
  return spaced.length > 0 || knownNames(cellsOf(text, declared) ?? []) === 0 ? spaced : [declared];
}

/** A line `sep=;` above a header with another separator: a program wrote one, and another program the other. */
function wrongDeclaration(lines: readonly string[], at: number, declared: string): Issue | undefined {
  const text = lines[at] ?? '';
  const [separator = declared] = headerSeparators(text);
  if (separator.startsWith(declared) || knownNames(cellsOf(text, separator) ?? []) < 2) return undefined;
  const expected = `the separator of the header: line 1 says ${separatorName(declared)}, but the header has ${separatorName(separator)}, so delete line 1`;
  return issue('MANIFEST_SEPARATOR', { line: 1, value: lines[0] ?? '' }, expected);
}

function ambiguous(at: number, value: string, separators: readonly string[]): Issue {
  const names = separators.map(separatorName).join(' and by ');
  const expected = `one separator for all columns: here they are separated by ${names}`;
  return issue('MANIFEST_SEPARATOR', { line: at + 1, value }, expected);
}

function strangeSeparator(at: number, value: string, separator: string): Issue {
  const name = separatorName(separator);
  const expected = `commas, semicolons or tabs between the columns: here are ${name}, so open the file in a spreadsheet with ${name} as the separator, then export it as CSV`;
  return issue('MANIFEST_SEPARATOR', { line: at + 1, value }, expected);
}

/** One fault instead of one for every column that is missing. */
function noHeader(lines: readonly string[], at: number): Issue {
  const text = lines[at] ?? '';
  const line = at + 1;
  const inner = [',', ';', '\t'].map((separator) => cellsOf(text, separator)?.[0] ?? '');
  if (inner.some((cell) => headerSeparators(cell).length > 0 && /[,;\t]/.test(cell)))
    return issue('MANIFEST_ONE_CELL', { line, value: text });
  const quotes = strangeQuotes(text);
  if (quotes.length > 0 && headerSeparators(withoutStrangeQuotes(text)).length > 0)
    return issue('MANIFEST_QUOTE', { line, value: text }, plainQuotes(quotes));
  const found = lines
    .slice(at + 1, SEARCHED_LINES)
    .findIndex((below) => headerSeparators(below).some((each) => knownNames(cellsOf(below, each) ?? []) > 1));
  const place = { line, value: text };
  if (found !== -1) {
    const header = line + 1 + found;
    const below = lines[header - 1] ?? '';
    const [separator = ','] = headerSeparators(below);
    if (!isAccepted(separator)) return strangeSeparator(header - 1, below, separator);
    const above = header - line === 1 ? `line ${line}` : `lines ${line} to ${header - 1}`;
    const expected = `the header (order,serial,product) in line ${line}: it is in line ${header}, so delete ${above}`;
    return issue('MANIFEST_NO_HEADER', place, expected);
  }
  return issue('MANIFEST_NO_HEADER', place);
}

function columnsOf(
  names: readonly string[],
  separator: string,
  line: number,
  above: readonly string[],
): HeaderReading {
  const folded = names.map(foldColumn);
  const cells = new Map<PlainColumn, number>();
  const attrs: [string, number][] = [];
  const unnamed: number[] = [];
  const issues: Issue[] = [];
  for (const [cell, name] of folded.entries()) {
    if (name === '') unnamed.push(cell);
    else if (!isPlainColumn(name) && !isAttrColumn(name))
      issues.push(unknownColumn(names[cell]!, line, new Set(folded)));
    else if (folded.indexOf(name) !== cell) issues.push(repeatedColumn(names[cell]!, line));
    else if (isPlainColumn(name)) cells.set(name, cell);
    else attrs.push([name, cell]);
  }
  const meant = names.map(meantColumn);
  for (const column of REQUIRED_COLUMNS) {
    // A name that is nearly right is a fault of its own.
    const isMissing = !cells.has(column) && !meant.includes(column);
    if (isMissing) issues.push(issue('MANIFEST_COLUMN_MISSING', { line, column }, `a column ${column}`));
  }
  if (attrs.length > MAX_ATTR_COLUMNS) issues.push(issue('MANIFEST_TOO_MANY_COLUMNS', { line }));
  const hasMeantBoard = !cells.has('board_id') && meant.includes('board_id');
  const columns = { separator, width: names.length, cells, attrs, unnamed, hasMeantBoard };
  return { columns, line, issues, understood: [...above, ...understoodOf(names, columns, above)] };
}

function understoodOf(
  names: readonly string[],
  { separator, unnamed }: ManifestColumns,
  above: readonly string[],
): string[] {
  const sentences: string[] = [];
  if (separator !== ',' && above.length === 0)
    sentences.push(`The columns are separated by ${separatorName(separator)}.`);
  const renamed = names.filter((name) => name !== foldColumn(name));
  if (renamed.length > 0) {
    const pairs = renamed.slice(0, 5).map((name) => `"${visibleText(name)}" as ${foldColumn(name)}`);
    sentences.push(`Column names were read without case and spaces: ${pairs.join(', ')}.`);
  }
  if (unnamed.length > 0)
    sentences.push(
      `${unnamed.length} empty ${unnamed.length === 1 ? 'column was' : 'columns were'} left out.`,
    );
  return sentences;
}

function unknownColumn(name: string, line: number, present: ReadonlySet<string>): Issue {
  return issue('MANIFEST_COLUMN_UNKNOWN', { line, column: name, value: name }, expectedColumn(name, present));
}

function repeatedColumn(name: string, line: number): Issue {
  return issue('MANIFEST_COLUMN_REPEATED', { line, column: name, value: name });
}
