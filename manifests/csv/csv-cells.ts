import { parse } from 'csv-parse/sync';

/** Cuts lines that pass `isQuotedRight` into their cells: one array for each line, whatever its number of cells. */
export function csvCells(lines: readonly string[]): string[][] {
  const records = parse(lines.map((line) => `${line}\n`).join(''), {
    record_delimiter: '\n',
    relax_column_count: true,
  });
  // A row must never be taken for another one: better to stop than to go on wrong.
  if (records.length !== lines.length)
    throw new Error(`${lines.length} lines gave ${records.length} CSV records`);
  return records;
}

/**
 * Whether the quotes of one line obey RFC 4180 §2.5–2.7: a quoted cell opens right after a comma and closes right
 * before the next, on this line; a quote inside it is doubled; an unquoted cell holds none.
 */
export function isQuotedRight(line: string): boolean {
  let at = 0;
  while (at <= line.length) {
    const end = line[at] === '"' ? endOfQuoted(line, at + 1) : endOfPlain(line, at);
    if (end === -1 || (end < line.length && line[end] !== ',')) return false;
    at = end + 1;
  }
  return true;
}

function endOfQuoted(line: string, start: number): number {
  let quote = line.indexOf('"', start);
  while (quote !== -1 && line[quote + 1] === '"') quote = line.indexOf('"', quote + 2);
  return quote === -1 ? -1 : quote + 1;
}

function endOfPlain(line: string, start: number): number {
  const comma = line.indexOf(',', start);
  const end = comma === -1 ? line.length : comma;
  const quote = line.indexOf('"', start);
  return quote !== -1 && quote < end ? -1 : end;
}
