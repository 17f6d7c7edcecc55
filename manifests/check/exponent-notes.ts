/** A number as a spreadsheet shows it when its column is too narrow for all digits: `3.56938E+14`. */
const WITH_EXPONENT = /^[+-]?\d(?:[.,]\d+)?E\+\d{2,3}$/i;

const LONGEST = 16;
const COLON = 0x3a;

interface Note {
  readonly first: string;
  count: number;
}

/**
 * Attributes that are numbers with an exponent. They are accepted, as such a number may have been measured; but a
 * spreadsheet writes it for an identifier of many digits too.
 */
export class ExponentNotes {
  readonly #notes = new Map<string, Note>();

  /** Looks at one value; nearly all are excluded by their length or their first character. */
  see(column: string, value: string): void {
    if (value.length > LONGEST || value.charCodeAt(0) >= COLON || !value.includes('+', 1)) return;
    if (!WITH_EXPONENT.test(value)) return;
    const note = this.#notes.get(column) ?? { first: value, count: 0 };
    note.count += 1;
    this.#notes.set(column, note);
  }

  /** One sentence for each column. */
  sentences(): string[] {
    return [...this.#notes].map(([column, { first, count }]) =>
      count === 1
        ? `${column} has a number with an exponent (${first}) in 1 CSV row: a spreadsheet may have removed digits.`
        : `${column} has numbers with an exponent (${first}) in ${count} CSV rows: a spreadsheet may have removed digits.`,
    );
  }
}
