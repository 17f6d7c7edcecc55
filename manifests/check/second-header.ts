/** Rows below the header among which a second header is looked for: of names in another language, of units, of types. */
const HEADER_ROWS = 3;

/** A letter and a space: no order number, no serial and no product has both. */
const WORDS = /\p{L}.* |[（(]/u;

/** How columns are numbered: from 1, from 0, and as spreadsheets do it. */
const NUMBERINGS: readonly ((at: number) => string)[] = [
  (at) => String(at + 1),
  String,
  (at) => String.fromCharCode(0x41 + at),
];

/** What is known of a CSV row that may be a second header. */
export interface HeaderSigns {
  /** The cells of the columns that each unit needs. */
  readonly required: readonly string[];
  /** Those of them that could not be the order number, the serial or the product of a unit. */
  readonly wrong: readonly string[];
  /** CSV rows above it. */
  readonly rows: number;
  /** Whether a row above it has a product. */
  readonly isBelowUnit: boolean;
}

/**
 * Whether a faulty CSV row is a second header and not a unit: it is among the first ones, nothing in it could be that of a unit, and
 * most of it has words or signs where units have digits. A row that numbers the columns or repeats one word is one, too.
 */
export function isSecondHeader(
  cells: readonly string[],
  { required, wrong, rows, isBelowUnit }: HeaderSigns,
): boolean {
  if (rows >= HEADER_ROWS || isBelowUnit) return false;
  if (NUMBERINGS.some((numberOf) => cells.every((cell, at) => cell.trim() === numberOf(at)))) return true;
  if (required.every((cell) => cell === required[0])) return true;
  const named = required.filter((cell) => !/\d/.test(cell) || WORDS.test(cell));
  return wrong.length === required.length && named.length > 1;
}
