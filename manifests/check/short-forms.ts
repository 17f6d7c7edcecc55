import { exponentDamage, wordDamage } from './spreadsheet-damage.ts';
import type { Damage } from './spreadsheet-damage.ts';

/** A value of a column, and where it is. */
export interface ColumnValue {
  readonly line: number;
  readonly value: string;
}

/** No form is longer: for most values, this comparison is all. */
export const LONGEST_FORM = 5;

/** A number as a spreadsheet shows it where the column has room for no more: `1E15`. */
const SHORT_EXPONENT = /^\dE\d{1,3}$/i;

/** What statistics programs write for a missing value. */
const MISSING = 'NA';

/** Whether a program may have made the value of a longer one, though it is right by itself. */
export function isShortForm(value: string): boolean {
  return SHORT_EXPONENT.test(value) || value === MISSING;
}

/** The short forms of one column. They are damaged if every other value of the column is longer. */
export class ShortForms {
  readonly #mostKept: number;
  readonly #kept: ColumnValue[] = [];
  readonly #counts = new Uint32Array(LONGEST_FORM + 1);

  constructor(mostKept: number) {
    this.#mostKept = mostKept;
  }

  add(found: ColumnValue): void {
    this.#counts[found.value.length]! += 1;
    if (this.#kept.length < this.#mostKept) this.#kept.push(found);
  }

  /** The damaged ones; `counts` has the number of all values of the column by their length. */
  damaged(counts: Uint32Array): (ColumnValue & Damage)[] {
    if (this.#kept.length === 0) return [];
    const shortest = counts.findIndex((count, length) => count > (this.#counts[length] ?? 0));
    return this.#kept
      .filter(({ value }) => value.length < shortest)
      .map((found) => ({ ...found, ...(found.value === MISSING ? wordDamage(MISSING) : exponentDamage()) }));
  }
}
