/** A spreadsheet runs a cell that begins with one of these as a formula (OWASP: CSV injection). */
const FORMULA_START = /^[=+\-@\t\r＝＋－＠]/;

/** One CSV row with CR LF (RFC 4180 §2.1): every cell quoted, a cell that could be a formula made text. */
export function csvLine(cells: readonly (string | number)[]): string {
  return `${cells.map((cell) => quoted(String(cell))).join(',')}\r\n`;
}

function quoted(cell: string): string {
  const safe = FORMULA_START.test(cell) ? `'${cell}` : cell;
  return `"${safe.replaceAll('"', '""')}"`;
}
