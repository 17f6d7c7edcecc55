import { cutIntoRows, textWidth } from './text-width.ts';

/** What stays together on a row: a command in quotes, in brackets, or after a colon to the end; else a word. */
const PIECES =
  /"(?:certline|npm) [^"]*"\S*|\(certline [^)]*\)\S*|(?<=^ *|: )(?:certline|npm|openssl) \S.*$|\S+/gu;

/** Chinese, Japanese and Korean have no blanks between words, and may continue in the next row anywhere. */
const WIDE_ONLY =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uffef]+$/u;

/**
 * The rows of a text in a width in cells. It continues in the next row at blanks only, never within a word or a command to type, so
 * that what is copied is whole: one that is wider than the width is a row of its own, as wide as it is. Blanks at
 * the beginning of a line are those of all its rows.
 */
export function wrapped(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => wrappedLine(line, width));
}

/** The widest piece of a text that stays together, in cells. */
export function widestPiece(text: string): number {
  return Math.max(0, ...piecesOf(text, Infinity).map(textWidth));
}

function wrappedLine(line: string, width: number): string[] {
  if (textWidth(line) <= width) return [line];
  const indent = /^ */.exec(line)![0];
  const rows: string[] = [];
  let row = indent;
  for (const piece of piecesOf(line, width - indent.length)) {
    const longer = row === indent ? row + piece : `${row} ${piece}`;
    if (row !== indent && textWidth(longer) > width) {
      rows.push(row);
      row = indent + piece;
    } else row = longer;
  }
  return [...rows, row];
}

function piecesOf(text: string, width: number): string[] {
  return [...text.matchAll(PIECES)].flatMap(([piece]) =>
    textWidth(piece) > width && WIDE_ONLY.test(piece) ? cutIntoRows(piece, width) : [piece],
  );
}
