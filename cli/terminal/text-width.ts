import { stripVTControlCharacters } from 'node:util';
import { eastAsianWidth } from 'get-east-asian-width';

const ASCII = /^[ -~]*$/;
const EMOJI = /^\p{RGI_Emoji}$/v;

/** How many cells of a terminal a text takes: CJK characters and emoji take two. Colours take none. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  return signsOf(stripVTControlCharacters(text)).reduce((sum, sign) => sum + signWidth(sign), 0);
}

/** Fills a text with blanks at its end up to a width in cells. */
export function padCells(text: string, width: number): string {
  return text + blanks(text, width);
}

/** Fills a text with blanks at its beginning up to a width in cells. */
export function padCellsStart(text: string, width: number): string {
  return blanks(text, width) + text;
}

/** The longest beginning of a text that fits into a width in cells. */
export function cutCells(text: string, width: number): string {
  let cut = '';
  for (const sign of ASCII.test(text) ? text : signsOf(text)) {
    if (textWidth(cut + sign) > width) break;
    cut += sign;
  }
  return cut;
}

/** A text without colours in pieces that each fit into a width in cells; a width of less than 2 has no room for every sign. */
export function cutIntoRows(text: string, width: number): string[] {
  const rows: string[] = [];
  for (let rest = text; rest !== '';) {
    const row = cutCells(rest, Math.max(2, width));
    rows.push(row);
    rest = rest.slice(row.length);
  }
  return rows;
}

let segmenter: Intl.Segmenter | undefined;

/**
 * Signs that a person reads as one: a letter with its accents, an emoji of several code points. Made when it is needed:
 * it takes a tenth of the time of a short command.
 */
function signsOf(text: string): string[] {
  segmenter ??= new Intl.Segmenter('und', { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** Accents and joiners after the first code point do not move the cursor. */
function signWidth(sign: string): number {
  return EMOJI.test(sign) ? 2 : eastAsianWidth(sign.codePointAt(0)!);
}

function blanks(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - textWidth(text)));
}
