/** Control characters, line and paragraph separators, marks that turn the direction of text, and halves of characters. */
export const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** What a person says for the record: a reason, or a name. It has 1 to `most` UTF-16 units, not blanks only, and all of it prints. */
export function isPersonText(text: string, most: number): boolean {
  return text.length <= most && text.trim() !== '' && !UNPRINTABLE.test(text);
}
