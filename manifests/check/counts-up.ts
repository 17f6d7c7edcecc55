/** Longer values are none that a spreadsheet has counted up. */
const LONGEST = 64;

/** What to do about a column in which a spreadsheet counted. */
export const COUNTED =
  'a spreadsheet counts up when it fills a column down, so copy the first value into every CSV row (select the cells, then press Ctrl+D)';

/** Whether a spreadsheet that fills a column down makes `value` of the one above: the number at its end, or else at its beginning, counts up. */
export function countsUp(above: string, value: string): boolean {
  if (Math.max(above.length, value.length) > LONGEST) return false;
  const [, stem = '', last = ''] = /^(.*?)(\d*)$/s.exec(above) ?? [];
  if (value === stem + next(last)) return true;
  const [, first, rest = ''] = /^(\d+)(.*)$/s.exec(above) ?? [];
  return first !== undefined && value === next(first) + rest;
}

/** The next number, with as many digits; 1 after a value without a number. */
function next(digits: string): string {
  return (BigInt(digits === '' ? 0 : digits) + 1n).toString().padStart(digits.length, '0');
}
