/** Control characters (C0, DEL, C1), line and paragraph separators, marks that turn the direction of text, halves. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** Text of a board, fit for a log, a terminal and a history: what does not print is one space. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, ' ');
}
