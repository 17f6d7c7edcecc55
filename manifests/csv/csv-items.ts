import { isUtf8 } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import type { IssueCode } from '../issue-codes.ts';
import { isQuotedRight } from './csv-cells.ts';
import { MAX_LINE_BYTES } from './line-blocks.ts';
import type { LineBlock } from './line-blocks.ts';

/** A part of the text that is not one CSV row; `lines`: how many lines of the file it takes. */
export interface LineFault {
  readonly fault: IssueCode;
  /** The part that can be shown. */
  readonly text: string;
  readonly lines: number;
}

/** The cells of one line of the file, or what is wrong with it. */
export type CsvItem = readonly string[] | LineFault;

/** A cell with more line breaks than this has lost its closing quote. */
const MAX_CELL_LINES = 20;

/** Characters of a faulty line that are kept; an answer shows 80. */
const SHOWN_CHARACTERS = 400;

const QUOTE = 0x22;
const CR = 0x0d;

/**
 * The CSV rows of whole lines, one item for each line, or for each cell with line breaks. csv-parse reads
 * those with quotes; lines that it would read otherwise than RFC 4180 says, or lossily, are taken out before.
 */
export function csvItems({ bytes, hasLong, end: textEnd }: LineBlock, separator: string): CsvItem[] {
  const isText = isUtf8(bytes);
  const hasQuotes = bytes.includes(QUOTE);
  if (isText && !hasQuotes && !hasLong) return plainRecords(bytes, separator);
  const lines =
    isText && !hasLong ? bytes.toString().split('\n') : uncertainLines(bytes, textEnd !== undefined);
  lines.pop();
  const checked = checkedLines(lines, separator);
  const isClean = checked.length === lines.length && checked.every((line) => typeof line === 'string');
  if (isClean) return quotedRecords(bytes, separator);
  const good = checked.filter((line) => typeof line === 'string');
  const text = Buffer.from(good.map((line) => `${line}\n`).join(''));
  const cells = quotedRecords(text, separator).values();
  return checked.map((line) => (typeof line === 'string' ? (cells.next().value ?? []) : line));
}

/** Without quotes, CSV is no more than its separators: to split it takes a fifth of the time of csv-parse. */
function plainRecords(bytes: Buffer, separator: string): string[][] {
  const lines = bytes.toString().split('\n');
  // Each line ends with LF, so what follows the last one is no line.
  lines.pop();
  const hasCr = bytes.includes('\r\n');
  return lines.map((line) => (hasCr ? withoutCr(line) : line).split(separator));
}

function quotedRecords(bytes: Buffer, separator: string): string[][] {
  if (bytes.length === 0) return [];
  return parse(bytes, {
    delimiter: separator,
    record_delimiter: bytes.includes('\r\n') ? ['\r\n', '\n'] : '\n',
    relax_column_count: true,
  });
}

/** Lines of bytes of which some are not UTF-8 or too long; in an open end, the last one may end within a character. */
function uncertainLines(bytes: Buffer, isOpenEnd: boolean): (string | LineFault)[] {
  const lines: (string | LineFault)[] = [];
  let start = 0;
  for (let end = bytes.indexOf('\n'); end !== -1; end = bytes.indexOf('\n', start)) {
    const line = bytes.subarray(start, end);
    const isCut = isOpenEnd && end === bytes.length - 1 && isCutCharacter(line);
    const fault = isCut ? 'MANIFEST_CUT_SHORT' : lineFault(line);
    const shown = (): string => line.subarray(0, SHOWN_CHARACTERS).toString();
    lines.push(fault === undefined ? line.toString() : { fault, text: shown(), lines: 1 });
    start = end + 1;
  }
  lines.push('');
  return lines;
}

/** Whether the line is UTF-8 but for the beginning of a character at its end. */
function isCutCharacter(line: Buffer): boolean {
  const first = line.findLastIndex((byte) => byte >= 0xc0);
  return first >= line.length - 3 && !isUtf8(line) && isUtf8(line.subarray(0, first));
}

/** A line without an end is too long, but where CR separates its rows, that is the cause. */
function lineFault(line: Buffer): IssueCode | undefined {
  if (line.length > MAX_LINE_BYTES)
    return line.includes(CR) ? 'MANIFEST_LINE_ENDING' : 'MANIFEST_LINE_TOO_LONG';
  return isUtf8(line) ? undefined : 'MANIFEST_ENCODING';
}

/** The lines with their quotes checked; a cell with line breaks becomes one fault. */
function checkedLines(
  lines: readonly (string | LineFault)[],
  separator: string,
): readonly (string | LineFault)[] {
  const checked: (string | LineFault)[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!;
    if (typeof line !== 'string' || !line.includes('"') || isQuotedRight(withoutCr(line), separator)) {
      checked.push(line);
      continue;
    }
    if (isJoined(withoutCr(line), separator)) {
      checked.push({ fault: 'MANIFEST_LINE_ENDING', text: line.slice(0, SHOWN_CHARACTERS), lines: 1 });
      continue;
    }
    const more = linesOfCell(line, lines.slice(at + 1, at + 1 + MAX_CELL_LINES), separator);
    const isFormula = line.split(separator).some((cell) => cell.startsWith('="'));
    const fault = more > 0 ? 'MANIFEST_LINE_BREAK' : isFormula ? 'MANIFEST_FORMULA' : 'MANIFEST_QUOTE';
    checked.push({ fault, text: line.slice(0, SHOWN_CHARACTERS), lines: 1 + more });
    at += more;
  }
  return checked;
}

/** Whether the line is several CSV rows with CR between them. */
function isJoined(line: string, separator: string): boolean {
  return line.includes('\r') && line.split('\r').every((row) => isQuotedRight(row, separator));
}

/** How many of the lines `below` belong to the CSV row that begins with `first`; 0 where its quotes are never right. */
function linesOfCell(first: string, below: readonly (string | LineFault)[], separator: string): number {
  let text = withoutCr(first);
  for (const [at, line] of below.entries()) {
    if (typeof line !== 'string') return 0;
    text += ` ${withoutCr(line)}`;
    if (line.includes('"') && isQuotedRight(text, separator)) return at + 1;
  }
  return 0;
}

function withoutCr(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
