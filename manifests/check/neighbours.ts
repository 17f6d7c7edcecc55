import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import { isShortForm, LONGEST_FORM, ShortForms } from './short-forms.ts';
import type { ColumnValue } from './short-forms.ts';

/** Keys of one kind that are kept to be named; more faults than that have one cause. */
const MAX_KEPT = 1_000;

/** A spreadsheet keeps 15 digits of a number and writes zeros for the rest. */
const KEPT_DIGITS = 15;

/** What to do if the values are right nevertheless: a pattern says so, and no comparison is made. */
const IF_RIGHT: Readonly<Record<string, string>> = {
  serial: '; if the serials are right, give the product a serialPattern',
};

/** So many zeros in the place of lost digits are no chance: 1 in 1,000. */
const SURE_ZEROS = 3;

/** Beyond this a set of beginnings would take too much memory, and only the file as a whole is looked at. */
const MAX_BEGINNINGS = 100_000;

const DIGITS = /^\d+$/;

/**
 * Compares the serials of a product, or its board ids, with each other: a number that lost its leading zeros, its digits
 * after the 15th, or all but the first to an exponent, is right by itself and wrong among the others.
 */
export class Neighbours {
  readonly #column: string;
  /** Keys by their length: all, those that are not digits alone, and those that are. */
  readonly #counts = new Uint32Array(65);
  readonly #mixed = new Uint32Array(65);
  readonly #digits = new Map<number, { count: number; hasZero: boolean; readonly kept: ColumnValue[] }>();
  readonly #rounded: ColumnValue[] = [];
  readonly #shortForms = new ShortForms(MAX_KEPT);
  readonly #beginnings = new Set<string>();
  #longDigits = 0;
  #roundedCount = 0;

  constructor(column: string) {
    this.#column = column;
  }

  add(value: string, line: number): void {
    this.#counts[value.length]! += 1;
    if (value.charCodeAt(0) < 0x3a && DIGITS.test(value)) this.#addDigits(value, line);
    else if (value.length <= LONGEST_FORM && isShortForm(value)) this.#shortForms.add({ line, value });
    else this.#mixed[value.length]! += 1;
  }

  /** Whether every key so far has one length, and `value` is shorter. */
  isShorterThanAll(value: string): boolean {
    const lengths = lengthsIn(this.#counts);
    return lengths.length === 1 && lengths[0]! > value.length;
  }

  issues(): Issue[] {
    return [...this.#shortened(), ...this.#roundedIssues(), ...this.#shortFormIssues()];
  }

  #shortFormIssues(): Issue[] {
    return this.#shortForms.damaged(this.#counts).map(({ line, value, code, expected }) => {
      const place = { line, column: this.#column, value };
      return issue(code, place, expected + (IF_RIGHT[this.#column] ?? ''));
    });
  }

  #addDigits(value: string, line: number): void {
    const same = this.#digits.get(value.length) ?? { count: 0, hasZero: false, kept: [] };
    this.#digits.set(value.length, same);
    same.count += 1;
    same.hasZero ||= value.startsWith('0');
    if (same.kept.length < MAX_KEPT) same.kept.push({ line, value });
    if (value.length > KEPT_DIGITS) this.#addLong(value, line);
  }

  #addLong(value: string, line: number): void {
    this.#longDigits += 1;
    if (/^0+$/.test(value.slice(KEPT_DIGITS))) {
      this.#roundedCount += 1;
      if (this.#rounded.length < MAX_KEPT) this.#rounded.push({ line, value });
    } else if (this.#beginnings.size < MAX_BEGINNINGS) {
      this.#beginnings.add(value.slice(0, KEPT_DIGITS));
    }
  }

  /** Digits alone, in another length than the rest: leading zeros are lost, or an exponent became a number. */
  #shortened(): Issue[] {
    const usual = this.#counts.indexOf(Math.max(...this.#counts));
    const withLetters = lengthsIn(this.#mixed);
    const full = Math.max(
      0,
      ...[...this.#digits].filter(([, { hasZero }]) => hasZero).map(([length]) => length),
    );
    const longest = Math.max(0, ...this.#digits.keys());
    const isShort = (length: number): boolean =>
      length < full ||
      (length < longest && length !== usual) ||
      (withLetters.length === 1 && length < withLetters[0]! && this.#mixed[withLetters[0]!]! > 1);
    const other = Math.max(full, withLetters.length === 1 ? withLetters[0]! : 0, full === 0 ? longest : 0);
    return [...this.#digits]
      .filter(([length, { hasZero }]) => !hasZero && isShort(length))
      .flatMap(([length, { kept }]) => kept.map((key) => this.#zerosLost(key, length, other)));
  }

  #zerosLost({ line, value }: ColumnValue, length: number, other: number): Issue {
    const expected = `as many characters as other values of this column have: here are ${length}, there ${other}; a spreadsheet removes leading zeros, so format the column as text before you paste, then export again${IF_RIGHT[this.#column] ?? ''}`;
    return issue('MANIFEST_ZEROS_LOST', { line, column: this.#column, value }, expected);
  }

  #roundedIssues(): Issue[] {
    const isAll = this.#roundedCount === this.#longDigits;
    const zeros = this.#rounded.reduce((sum, { value }) => sum + value.length - KEPT_DIGITS, 0);
    const found = this.#rounded.filter(({ value }) => {
      if (isAll && zeros >= SURE_ZEROS) return true;
      const hasNeighbour = this.#beginnings.has(value.slice(0, KEPT_DIGITS));
      const isKnown = this.#beginnings.size < MAX_BEGINNINGS;
      return isKnown && !hasNeighbour && value.length - KEPT_DIGITS >= SURE_ZEROS;
    });
    return found.map(({ line, value }) => {
      const expected = `all ${value.length} digits: a spreadsheet keeps ${KEPT_DIGITS} and writes zeros for the rest, so format the column as text before you paste, then export again${IF_RIGHT[this.#column] ?? ''}`;
      return issue('MANIFEST_MANGLED', { line, column: this.#column, value }, expected);
    });
  }
}

function lengthsIn(counts: Uint32Array): number[] {
  return [...counts.keys()].filter((length) => counts[length]! > 0);
}
