/** Enough for every serial (64) and the beginning of longer values; fits into one text line of a terminal. */
const MAX_SHOWN = 80;
const FIRST_SHOWN = new RegExp(`^.{0,${MAX_SHOWN}}`, 'su');

/**
 * Controls, format characters (zero width, bidi), lone surrogates, private and unassigned code points; what a font shows nothing of by
 * the standard (Unicode §5.21), such as fillers and selectors; the empty pattern of Braille and the empty head of a note, which
 * only look so.
 */
const INVISIBLE = String.raw`\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}`;

/** The same, and spaces other than the plain one. */
const UNSEEN = new RegExp(`[${INVISIBLE}]|(?! )\\p{Zs}`, 'gu');

const FIRST_INVISIBLE = new RegExp(`[${INVISIBLE}]`, 'u');

/** Whether `text` contains an invisible character other than the plain space. */
export function hasUnseen(text: string): boolean {
  return text.search(UNSEEN) !== -1;
}

/** The first character of `text` that leaves no mark and no space; undefined where there is none. */
export function invisibleIn(text: string): string | undefined {
  return FIRST_INVISIBLE.exec(text)?.[0];
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
