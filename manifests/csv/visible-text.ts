/** Enough for every serial (64) and the beginning of longer values; fits into one text line of a terminal. */
const MAX_SHOWN = 80;
const FIRST_SHOWN = new RegExp(`^.{0,${MAX_SHOWN}}`, 'su');

/** Controls, format characters (zero width, bidi), odd spaces, lone surrogates, private and unassigned code points. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** Whether `text` contains an invisible character other than the plain space. */
export function hasUnseen(text: string): boolean {
  return text.search(UNSEEN) !== -1;
}

/** `text`, whole, for a CSV cell or a terminal: an invisible character becomes `\u{…}`. */
export function withoutUnseen(text: string): string {
  return text.replaceAll(UNSEEN, escaped);
}

/** The beginning of `text` for a CSV cell or a terminal: an invisible character becomes `\u{…}`, the rest after 80 characters `…`. */
export function visibleText(text: string): string {
  const shown = withoutUnseen(text.slice(0, 4 * MAX_SHOWN));
  const [head = ''] = FIRST_SHOWN.exec(shown) ?? [];
  return head.length === shown.length ? shown : `${head}…`;
}

/** A character as its code point, `U+0410`. */
export function codePointName(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
