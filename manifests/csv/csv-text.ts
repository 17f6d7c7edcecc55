/** A spreadsheet runs a cell that begins with one of these as a formula (OWASP: CSV injection). */
const FORMULA_START = /^[=+\-@\t\r＝＋－＠]/;

/** A sign alone, or before a value such as `-40C` or `+3V3`: no formula is so short of operators and names of cells. */
const SIGNED_VALUE = /^[+-](?:\d[\p{L}\d.,°%]*)?$/u;

/** By it a spreadsheet recognises UTF-8: the first character of every CSV file that we write. */
export const BYTE_ORDER_MARK = '\uFEFF';

/** One CSV row with CR LF (RFC 4180 §2.1): every cell quoted, a cell that could be a formula made text. */
export function csvLine(cells: readonly (string | number)[]): string {
  return `${cells.map((cell) => quoted(String(cell))).join(',')}\r\n`;
}

function quoted(cell: string): string {
  const isFormula = FORMULA_START.test(cell) && !SIGNED_VALUE.test(cell);
  const safe = isFormula ? `'${cell}` : cell;
  return `"${safe.replaceAll('"', '""')}"`;
}
