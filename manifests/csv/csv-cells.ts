import { parse } from 'csv-parse/sync';

/** Splits lines that pass `isQuotedRight` into cells: one array for each line, with any number of cells. */
export function csvCells(lines: readonly string[], separator = ','): string[][] {
  const records = parse(lines.map((line) => `${line}\n`).join(''), {
    delimiter: separator,
    record_delimiter: '\n',
    relax_column_count: true,
  });
  // Cells must never be assigned to another row, so a wrong number of records stops the check.
  if (records.length !== lines.length)
    throw new Error(`The CSV parser made ${records.length} records of ${lines.length} lines.`);
  return records;
}

/**
 * Whether the quotes of one line follow RFC 4180 §2.5–2.7: a quoted cell opens directly after a separator and closes
 * directly before the next one, on this line; a quote inside it is doubled; an unquoted cell has none.
 */
export function isQuotedRight(line: string, separator = ','): boolean {
  let at = 0;
  while (at <= line.length) {
    const end = line[at] === '"' ? endOfQuoted(line, at + 1) : endOfPlain(line, at, separator);
    if (end === -1 || (end < line.length && !line.startsWith(separator, end))) return false;
    at = end + separator.length;
  }
  return true;
}

function endOfQuoted(line: string, start: number): number {
  let quote = line.indexOf('"', start);
  while (quote !== -1 && line[quote + 1] === '"') quote = line.indexOf('"', quote + 2);
  return quote === -1 ? -1 : quote + 1;
}

function endOfPlain(line: string, start: number, separator: string): number {
  const next = line.indexOf(separator, start);
  const end = next === -1 ? line.length : next;
  const quote = line.indexOf('"', start);
  return quote !== -1 && quote < end ? -1 : end;
}
