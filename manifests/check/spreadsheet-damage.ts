import type { IssueCode } from '../issue-codes.ts';

/** What a program did to a value, and what to do about it. */
export interface Damage {
  readonly code: IssueCode;
  readonly expected: string;
}

const EXPONENT = /^[+-]?\d+[.,]?\d*E[+-]?\d+$/i;
const DECIMAL_ZERO = /^\d+[.,]0+$/;
/** Errors of spreadsheets in English and, with an exclamation or a question mark, in any language. */
const SHEET_ERROR = /^#(?:N\/A|NV|REF!|[\p{Lu}\d/]+[!?])$/u;
/** What is shown of a number or a date in a column that is too narrow. */
const TOO_NARROW = /^#{2,}$/;
const MONTH = 'jan|feb|mar|m[äa]r|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez';
const DATE = new RegExp(
  `^(?:\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])(?:[T ].*)?|\\d{1,2}([./])\\d{1,2}(?:\\1\\d{2,4})?|\\d{1,2}[-. ](?:${MONTH})[a-z]*\\.?(?:[-. ]\\d{2,4})?|(?:${MONTH})[a-z]*[-. ]\\d{2,4})$`,
  'i',
);
/** Values of which a spreadsheet or a program makes these words. */
const WORDS = new Set([
  'TRUE',
  'FALSE',
  'WAHR',
  'FALSCH',
  'VRAI',
  'FAUX',
  'NULL',
  'NONE',
  'NAN',
  'UNDEFINED',
]);
/** UTF-8 that was read as Windows-1252 or Latin-1. */
const MISREAD =
  /[ÂÃ][\u0080-\u00BF]|[ÂÃâ](?:€|‚|„|†|‡|ˆ|‰|Š|‹|Œ|˜|™|š|›|œ|¡|¢|£|¤|¥|¦|§|¨|©|ª|«|¬|®|¯|°|±|²|³|´|µ|¶|¸|¹|º|»|¼|½|¾|¿)/u;

const FORMAT_FIRST = 'format the column as text before you paste, then export again';

/** The damage that a spreadsheet did to an identifier: a serial, an order number, a board id or a product. */
export function identifierDamage(value: string): Damage | undefined {
  if (EXPONENT.test(value))
    return { code: 'MANIFEST_MANGLED', expected: `the digits that the exponent replaced: ${FORMAT_FIRST}` };
  if (DECIMAL_ZERO.test(value))
    return {
      code: 'MANIFEST_MANGLED',
      expected: `the value without the decimal places of a number: ${FORMAT_FIRST}`,
    };
  if (WORDS.has(value.toUpperCase()))
    return {
      code: 'MANIFEST_MANGLED',
      expected: `the original value: a program wrote the word ${value.toUpperCase()} in its place`,
    };
  if (isDate(value)) return { code: 'MANIFEST_DATE', expected: `the original value: ${FORMAT_FIRST}` };
  if (value.startsWith("'") || value.startsWith('\u2019'))
    return {
      code: 'MANIFEST_APOSTROPHE',
      expected: 'the value without the apostrophe: delete it, and format the column as text',
    };
  return sheetError(value);
}

/** The damage that a value of any column can have. */
export function textDamage(value: string): Damage | undefined {
  return (
    sheetError(value) ??
    (MISREAD.test(value) ? { code: 'MANIFEST_MISREAD', expected: MISREAD_EXPECTED } : undefined)
  );
}

const MISREAD_EXPECTED = 'the original text: open the source file as UTF-8, then save it as UTF-8 again';

/** Whether the value looks as a spreadsheet shows a date. */
export function isDate(value: string): boolean {
  return value.length >= 3 && value.length <= 30 && DATE.test(value) && !isUpperCaseCode(value);
}

/** `MAR-02` is an honest part number; a spreadsheet writes `Mar-02`. */
function isUpperCaseCode(value: string): boolean {
  return /[A-Z]{3}/.test(value) && !/[a-z]/.test(value);
}

/** Whether a value that is a good serial may still be what a program made of another: a word or a date. */
export function isDoubtful(value: string): boolean {
  if (value.length === 10) return value[4] === '-' && isDate(value);
  return value.length <= 9 && WORDS.has(value);
}

function sheetError(value: string): Damage | undefined {
  if (TOO_NARROW.test(value))
    return {
      code: 'MANIFEST_SHEET_ERROR',
      expected: 'the value: make the column wider, or format it as text, then export again',
    };
  if (!SHEET_ERROR.test(value)) return undefined;
  return {
    code: 'MANIFEST_SHEET_ERROR',
    expected: `the value: a formula in the sheet ends in ${value}, so correct it, then export again`,
  };
}
