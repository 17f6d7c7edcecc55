import { isUtf8 } from 'node:buffer';

/** Windows-1252 for the bytes 80 to 9F; the five that it does not define are the characters of their own number. */
const HIGH =
  '\u20AC\u0081\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\u008D\u017D\u008F\u0090\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\u009D\u017E\u0178';
const BYTES = new Map(Array.from(HIGH, (character, at) => [character, 0x80 + at] as const));

/** What the bytes after the first one of a character in UTF-8 look like in Windows-1252, and in Latin-1. */
const NEXT = `[${HIGH}\u0080-\u00BF]`;

/** A character in UTF-8 that was read as Windows-1252 or Latin-1. */
const SEQUENCE = new RegExp(
  `[\u00C2-\u00DB]${NEXT}|[\u00E0-\u00EF]${NEXT}{2}|[\u00F0-\u00F4]${NEXT}{3}`,
  'gu',
);

/**
 * What such a character may be: not phonetic signs (but the letter of Azerbaijani), not letters that no language has, not
 * signs around Hebrew letters. Honest text such as `CAFÉ»`, `BANGLADÉŠ` or `Ø½` would be one of these.
 */
const PLAUSIBLE =
  /^(?![\u0240-\u0258]|[\u025A-\u02B8]|[\u02C0-\u02FF]|[\u{340}-\u{36F}]|[\u04C0-\u04CF]|[\u{5B0}-\u{5CF}]|[\u063B-\u063F])[^\p{Co}\p{Cn}]$/u;

/** First characters that honest text has alone, as × and Ø: of Armenian, Hebrew and Arabic, two letters are needed. */
const NEEDS_NEIGHBOUR = /^[\u00D4-\u00DB]/;

/** What may follow a letter in honest text: the end of a quotation, a dash, a trade mark, a power of a unit. */
const AFTER_LETTER = new Set(
  '\u2026\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u203A\u00AB\u00BB\u2122\u00AE\u00B2\u00B3\u00A0',
);

/** Letters that are in Windows-1252 only. */
const LETTERS = new Set('\u0160\u0161\u017D\u017E\u0152\u0153\u0178');

/** Ó, which ends words in capitals; no quotation that ends so has a word that ends with Ã. */
const SURE = new Set(['\u00C3\u201C']);

const OPENING = /[\p{Lu}\u00AB\u201C\u201E\u2018\u201A\u2039([{"']/u;

/** Windows-1251 for the bytes 80 to BF. */
const CYRILLIC_NEXT =
  '[ЂЃ\u201Aѓ\u201E…†‡€‰Љ‹ЊЌЋЏђ\u2018\u2019\u201C\u201D•–—\u0098™љ›њќћџ\u00A0ЎўЈ¤Ґ¦§Ё©Є«¬\u00AD®Ї°±Ііґµ¶·ё№є»јЅѕї]';

/** Three Cyrillic letters in UTF-8 that were read as Windows-1251; words in capitals may look like two. */
const MISREAD_CYRILLIC = new RegExp(`(?:[РС]${CYRILLIC_NEXT}){3}`, 'u');

/** The mark of an unreadable character, twice, that was read as GBK. */
const MISREAD_MARKS = '锟斤拷';

/** Two characters that all of these begin with: nearly all honest text has none, and nothing more is looked at. */
const BEGINNING = new RegExp(`[\u00C2-\u00F4]${NEXT}|[РС]${CYRILLIC_NEXT}|锟斤`);

/**
 * Whether a program read UTF-8 as another encoding: `GdaÅ„sk` for `Gdańsk`. The whole text or a part of it, as text is
 * joined and cut.
 */
export function isMisread(value: string): boolean {
  if (!BEGINNING.test(value)) return false;
  return hasMisreadSequence(value) || MISREAD_CYRILLIC.test(value) || value.includes(MISREAD_MARKS);
}

function hasMisreadSequence(value: string): boolean {
  const found = [...value.matchAll(SEQUENCE)].filter(([text]) => isPlausible(text));
  return found.some(({ 0: text, index }, at) => {
    const end = index + text.length;
    const before = found[at - 1];
    const isAfterOne = before !== undefined && before.index + before[0].length === index;
    if (text.length === 4 || isAfterOne || found[at + 1]?.index === end) return true;
    return !NEEDS_NEIGHBOUR.test(text) && isStrange(text, value[index - 1] ?? '', value[end] ?? '');
  });
}

/**
 * Whether the one character in UTF-8, as Windows-1252 shows it, is no honest text between what is before and after it.
 * `A–Ä–Ö`, `5 Å²`, `CAFÉ’S` and `Bangladéš»` are honest.
 */
function isStrange(text: string, before: string, after: string): boolean {
  const isHonest = Array.from(text.slice(1)).every((next) => AFTER_LETTER.has(next) || LETTERS.has(next));
  if (text.length > 2) return !isHonest;
  if (/^[\u00C4\u00C5][\u2013\u2014]$/.test(text) && !/\p{L}/u.test(before)) return false;
  if (/\p{L}/u.test(after)) return !(/^[^\u00C4\u00C5]\u2019$/.test(text) && /\p{Lu}/u.test(before));
  if (/\p{Ll}/u.test(before) || SURE.has(text)) return true;
  if (/\p{Lu}/u.test(before) && /[\u00B2\u00B3]$/.test(text)) return true;
  // Å is a unit too.
  if (text.startsWith('\u00C5') || OPENING.test(before)) return !AFTER_LETTER.has(text[1]!);
  return text[1] !== '\u2026';
}

function isPlausible(text: string): boolean {
  const bytes = Buffer.from(Array.from(text, (character) => BYTES.get(character) ?? character.charCodeAt(0)));
  return isUtf8(bytes) && PLAUSIBLE.test(bytes.toString());
}
