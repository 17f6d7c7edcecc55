import { ORDER_NUMBER_PATTERN } from '../../provisioning/order-number.ts';
import { SERIAL_PATTERN } from '../../provisioning/serial-number.ts';

/** What a comment begins with in other formats, and a line of asterisks. */
const COMMENT_MARK = /^\s*(?:#|\/\/|\*)/;

/** Two words: no serial and no name of a product has a space. */
const SENTENCE = /\p{L}\S* +\S/u;

/** What is known of a CSV row that may be a note. */
export interface NoteSigns {
  /** Whether its product is in the configuration. */
  readonly hasProduct: boolean;
  /** Whether its first cell is its order, and rows above have a good one. */
  readonly isOrderFirst: boolean;
}

/**
 * Whether a faulty CSV row is a note of a person: it begins with the mark of a comment, only its first cell has text, or
 * another one alone has a sentence.
 * A serial with a number sign before it, in the row of a unit, is only wrong.
 */
export function isNote(cells: readonly string[], { hasProduct, isOrderFirst }: NoteSigns): boolean {
  const [first = '', ...others] = cells;
  if (COMMENT_MARK.test(first)) return !hasProduct || isOrderFirst;
  const texts = cells.filter((cell) => cell.trim() !== '');
  const [only = ''] = texts;
  if (texts.length !== 1 || others.length === 0) return false;
  if (first !== only) return SENTENCE.test(only);
  return !ORDER_NUMBER_PATTERN.test(first) && !SERIAL_PATTERN.test(first);
}
