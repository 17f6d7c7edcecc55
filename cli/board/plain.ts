/** Characters that move the cursor, ring, or turn text round: what a board says must not do that to a terminal. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}]/gu;
const UNPRINTABLE_BUT_LINES = /[^\P{Cc}\n\t]|\p{Cf}/gu;

/** What a board said, on one line, fit for a terminal: `\x1b` for what cannot be printed. */
export function plain(text: string): string {
  return text.replaceAll(UNPRINTABLE, escaped);
}

/** The same for output of several lines. */
export function plainLines(text: string): string {
  return text.replaceAll(UNPRINTABLE_BUT_LINES, escaped);
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
