import { ISSUES } from '../issue-codes.ts';
import type { IssueCode } from '../issue-codes.ts';
import { isMisread } from './misread-text.ts';
import { isDate } from './sheet-dates.ts';
import { plainQuotes, quotesAround } from './strange-quotes.ts';

/** What a program did to a value, and what to do about it. */
export interface Damage {
  readonly code: IssueCode;
  readonly expected: string;
}

const EXPONENT = /^[+-]?\d+[.,]?\d*E[+-]?\d+$/i;
const DECIMAL_ZERO = /^\d+[.,]0+$/;
/** A number as a spreadsheet shows it, its digits in groups of three. */
const GROUPED = /^\d{1,3}(?:[.,'\u2019 \u00A0\u202F]\d{3})+$/;
/** A cell that was quoted, and then its quotes again. */
const QUOTED_TWICE = /^"[^"]*"$/;
/** Errors of Excel, Google Sheets and Numbers: in any language with an exclamation or a question mark, and "not available". */
const SHEET_ERROR =
  /^#(?:N\/[ABD]|N\/DISP|NV|YOK|I\/T|Н\/Д|Δ\/Υ|PUUTTUU|SAKNAS|HIÁNYZIK|NENÍ_K_DISPOZICI|NEDOSTUPNÝ|GETTING_DATA|[¡¿]?[\p{Lu}\d/_]+[!?])$/u;
/** Errors of LibreOffice, by its word for "error": another word, as in `Port:502`, is honest. */
const NUMBERED_ERROR =
  /^(?:Err|Error|Fehler|Erreur|Errore|Erro|Eroare|Fout|Fel|Fejl|Feil|Virhe|Viga|Kļūda|Klaida|Błąd|Chyba|Hiba|Napaka|Greška|Hata|Lỗi|Galat|Ошибка|Помилка|Грешка|Памылка|Σφάλμα|错误|錯誤|エラー|오류) ?:5\d\d$/u;
/** What Google Sheets shows while it computes a value, in the languages that were seen. */
const LOADING = new Set(['Loading...', 'Wird geladen...', 'Chargement...', 'Cargando...', 'Carregando...']);
/** What is shown of a number or a date in a column that is too narrow. */
const TOO_NARROW = /^#{2,}$/;
/** Values of which a spreadsheet or a program makes these words. */
const WORDS = new Set([
  'TRUE',
  'FALSE',
  'WAHR',
  'FALSCH',
  'VRAI',
  'FAUX',
  'VERO',
  'FALSO',
  'VERDADERO',
  'VERDADEIRO',
  'WAAR',
  'ONWAAR',
  'PRAWDA',
  'FAŁSZ',
  'PRAVDA',
  'NEPRAVDA',
  'IGAZ',
  'HAMIS',
  'ADEVĂRAT',
  'FALS',
  'SANT',
  'FALSKT',
  'SAND',
  'FALSK',
  'SANN',
  'USANN',
  'TOSI',
  'EPÄTOSI',
  'ИСТИНА',
  'ЛОЖЬ',
  'ІСТИНА',
  'ХИБНІСТЬ',
  'DOĞRU',
  'YANLIŞ',
  'NULL',
  'NONE',
  'NAN',
  'UNDEFINED',
]);
/** A carriage return or a line feed as workbooks write it. */
const WRITTEN_BREAK = /_x000[AD]_/i;
/** A character as web pages write it. */
const WEB_CHARACTER = /&(?:amp|lt|gt|quot|apos|nbsp|#\d{2,6}|#x[\da-f]{2,5});/i;

const HYPHEN = 0x2d;
const DOT = 0x2e;

const FORMAT_FIRST = 'format the column as text before you paste, then export again';

/** The damage that a spreadsheet did to an identifier: a serial, an order number, a board id or a product. */
export function identifierDamage(value: string): Damage | undefined {
  if (EXPONENT.test(value)) return exponentDamage();
  if (DECIMAL_ZERO.test(value))
    return {
      code: 'MANIFEST_MANGLED',
      expected: `the value without the decimal places of a number: ${FORMAT_FIRST}`,
    };
  if (GROUPED.test(value))
    return {
      code: 'MANIFEST_MANGLED',
      expected: `the digits without the separators of a number: ${FORMAT_FIRST}`,
    };
  if (WORDS.has(value.toUpperCase())) return wordDamage(value.toUpperCase());
  if (isDate(value)) return { code: 'MANIFEST_DATE', expected: `the original value: ${FORMAT_FIRST}` };
  const quotes = quotesAround(value);
  if (quotes !== undefined) return { code: 'MANIFEST_QUOTE', expected: plainQuotes(quotes) };
  if (value.startsWith("'") || value.startsWith('\u2019'))
    return {
      code: 'MANIFEST_APOSTROPHE',
      expected: 'the value without the apostrophe: delete it, and format the column as text',
    };
  if (QUOTED_TWICE.test(value))
    return {
      code: 'MANIFEST_QUOTE',
      expected: 'the value without the quotes around it: a program quoted it twice, so export it again',
    };
  return misreading(value) ?? textDamage(value);
}

export function exponentDamage(): Damage {
  return { code: 'MANIFEST_MANGLED', expected: `the digits that the exponent replaced: ${FORMAT_FIRST}` };
}

export function wordDamage(word: string): Damage {
  return {
    code: 'MANIFEST_MANGLED',
    expected: `the original value: a program wrote the word ${word} in its place`,
  };
}

/** The damage that a value of any column can have. */
export function textDamage(value: string): Damage | undefined {
  const error = sheetError(value);
  if (error !== undefined) return error;
  const written = WRITTEN_BREAK.exec(value)?.[0];
  if (written !== undefined)
    return {
      code: 'MANIFEST_LINE_BREAK',
      expected: `the text of the cell in one line: a program wrote ${written} for a line break`,
    };
  const web = WEB_CHARACTER.exec(value)?.[0];
  if (web !== undefined)
    return { code: 'MANIFEST_MISREAD', expected: `the character itself: a web page writes ${web} for it` };
  return undefined;
}

/** Text that was read in a wrong encoding, whatever else it has: the control characters in it are parts of letters. */
export function misreading(value: string): Damage | undefined {
  if (!isMisread(value)) return undefined;
  return { code: 'MANIFEST_MISREAD', expected: ISSUES.MANIFEST_MISREAD.expected };
}

/** Whether Google Sheets had not computed the value yet. Only the last character of most values is looked at. */
export function isLoading(value: string): boolean {
  return value.charCodeAt(value.length - 1) === DOT && LOADING.has(value);
}

/** Whether a value that is a good serial may still be what a program made of another: a word or a date. */
export function isDoubtful(value: string): boolean {
  if (value.length > 10) return false;
  return (value.length >= 8 && isHyphenated(value) && isDate(value)) || WORDS.has(value);
}

/** Whether there are hyphens where a date with four digits of the year has them: `2024-3-1`, `01-03-2024`. */
function isHyphenated(value: string): boolean {
  return (
    (isHyphenAt(value, 4) && (isHyphenAt(value, 6) || isHyphenAt(value, 7))) ||
    (isHyphenAt(value, value.length - 5) && (isHyphenAt(value, 1) || isHyphenAt(value, 2)))
  );
}

function isHyphenAt(value: string, at: number): boolean {
  return value.charCodeAt(at) === HYPHEN;
}

function sheetError(value: string): Damage | undefined {
  if (isLoading(value))
    return {
      code: 'MANIFEST_SHEET_ERROR',
      expected: 'the value: wait until the sheet has computed it, then export again',
    };
  if (TOO_NARROW.test(value))
    return {
      code: 'MANIFEST_SHEET_ERROR',
      expected: 'the value: make the column wider, or format it as text, then export again',
    };
  if (!SHEET_ERROR.test(value) && !NUMBERED_ERROR.test(value)) return undefined;
  return {
    code: 'MANIFEST_SHEET_ERROR',
    expected: `the value: a formula in the sheet ends in ${value}, so correct it, then export again`,
  };
}
