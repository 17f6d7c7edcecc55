import { ORDER_NUMBER_PATTERN } from '../../provisioning/order-number.ts';
import { SERIAL_PATTERN } from '../../provisioning/serial-number.ts';
import { ISSUES } from '../issue-codes.ts';
import type { IssueCode } from '../issue-codes.ts';
import { codePointName, hasUnseen } from '../csv/visible-text.ts';
import { foreignRemedy } from './foreign-character.ts';
import { identifierDamage, isLoading, misreading, textDamage } from './spreadsheet-damage.ts';

/** What is wrong with a cell; `expected` is present where it says more than the sentence of the table. */
export interface CellFault {
  readonly code: IssueCode;
  readonly expected?: string;
}

/** 2 to 32 bytes in hex: from short chip numbers to a SHA-256. */
const BOARD_ID_PATTERN = /^[0-9A-Fa-f]{4,64}$/;

const MAX_ATTR_CHARACTERS = 256;

const CONTROL = /\p{Cc}/u;

/**
 * What a spreadsheet runs: an equals sign; a call of a function, a reference to another sheet or DDE after a sign; a
 * sum with a cell. Honest values with a sign, such as `-40C`, have none of these and are kept as they are.
 */
const FORMULA = /^[=＝]|^[+\-@＋－＠].*(?:[a-z]\(|[!|]|[\w)][+\-*/]\$?[a-z]{1,3}\$?\d+$)/iu;

/** Text of which nothing has to be looked at more closely: visible ASCII without `&`, `:` and `_`, a letter or a digit first. */
const PLAIN_TEXT = /^[A-Za-z0-9](?:[ -%'-9;-^`-~]{0,254}[!-%'-9;-^`-~])?$/;

const PLACEHOLDER = /^(?:TB[ACD]|N\/A|\?+|-)$/i;

const LONGEST_PLACEHOLDER = 3;

const ONE_SERIAL = 'one serial in each CSV row: here are several, or the first and the last of a range';

/** What people write between two serials of a list, or the first and the last of a range. */
const BETWEEN_SERIALS: ReadonlySet<string> = new Set(['-', 'to', 'bis', 'and', 'und', 'à', 'a', '至']);

/** Names that no file can have on Windows: results are kept there too. */
const DEVICE_NAMES = /^(?:CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])$/;

/** The fault of an order number, or undefined. */
export function orderFault(value: string): CellFault | undefined {
  return identifierFault(value, ORDER_NUMBER_PATTERN, 'MANIFEST_ORDER_INVALID');
}

/** The fault of a serial, or undefined. */
export function serialFault(value: string): CellFault | undefined {
  return identifierFault(value, SERIAL_PATTERN, 'MANIFEST_SERIAL_INVALID');
}

/**
 * The fault of a board id that is not empty, or undefined. Upper case is accepted, and so is `0090330E4571`: it looks like
 * a number with an exponent, but each hexadecimal digit may be any.
 */
export function boardIdFault(value: string): CellFault | undefined {
  if (BOARD_ID_PATTERN.test(value)) return undefined;
  const fault = identifierDamage(value) ?? textFault(value);
  if (fault !== undefined) return fault;
  const { expected } = ISSUES.MANIFEST_BOARD_ID_INVALID;
  const strange = /[^0-9A-Fa-f]/.exec(value)?.[0];
  const detail = strange === undefined ? `here are ${value.length}` : `here is a "${strange}"`;
  return {
    code: 'MANIFEST_BOARD_ID_INVALID',
    expected: `${expected}; ${foreignRemedy(value) ?? detail}`,
  };
}

/** The fault of a product name that is not in the configuration, whose names are `known`. */
export function productFault(value: string, known: readonly string[]): CellFault {
  if (value === '') return { code: 'MANIFEST_CELL_EMPTY' };
  const fault = identifierDamage(value) ?? textFault(value);
  if (fault !== undefined) return fault;
  if (isFormula(value)) return { code: 'MANIFEST_FORMULA' };
  const remedies = [`one of: ${known.join(', ')}`, foreignRemedy(value)];
  return {
    code: 'MANIFEST_PRODUCT_UNKNOWN',
    expected: remedies.filter((each) => each !== undefined).join('; '),
  };
}

/** The fault of an attribute, or undefined; it may be empty. */
export function attrFault(value: string): CellFault | undefined {
  if (value === '' || (PLAIN_TEXT.test(value) && !isLoading(value))) return undefined;
  if (value.length > MAX_ATTR_CHARACTERS) return { code: 'MANIFEST_ATTR_TOO_LONG' };
  const fault = misreading(value) ?? textFault(withoutHonest(value)) ?? textDamage(value);
  return fault ?? (FORMULA.test(value) ? { code: 'MANIFEST_FORMULA' } : undefined);
}

/** Whether a person wrote a sign for a value that is not known yet. */
export function placeholderFault(value: string): CellFault | undefined {
  if (value.length > LONGEST_PLACEHOLDER || !PLACEHOLDER.test(value)) return undefined;
  return { code: 'MANIFEST_CELL_EMPTY', expected: `a value: "${value}" is only written in its place` };
}

/** Whether the serial is the name of a device of Windows, which no file can have. */
export function deviceNameFault(value: string): CellFault | undefined {
  if (!DEVICE_NAMES.test(value)) return undefined;
  return {
    code: 'MANIFEST_SERIAL_INVALID',
    expected: `another serial: no file on Windows can have the name ${value}`,
  };
}

function identifierFault(value: string, pattern: RegExp, code: IssueCode): CellFault | undefined {
  const placeholder = placeholderFault(value);
  if (placeholder !== undefined) return placeholder;
  if (pattern.test(value)) return undefined;
  if (value === '') return { code: 'MANIFEST_CELL_EMPTY' };
  const fault = identifierDamage(value) ?? textFault(value);
  if (fault !== undefined) return fault;
  return isFormula(value) ? { code: 'MANIFEST_FORMULA' } : { code, expected: remedy(value, code) };
}

/** Whether a spreadsheet would run the value; an identifier with a hyphen first is only wrong. */
function isFormula(value: string): boolean {
  return /^[=+@＝＋－＠]/.test(value);
}

/** The faults that no cell may have. Another program writes U+FFFD for a character that it could not read, and U+FFFC for a picture. */
function textFault(value: string): CellFault | undefined {
  if (CONTROL.test(value)) return controlFault(value);
  // The mark at the beginning of a joined file is a space for JavaScript.
  if (value.includes('\uFEFF')) return { code: 'MANIFEST_INVISIBLE' };
  if (value !== value.trim()) return { code: 'MANIFEST_SPACES' };
  return hasUnseen(value) || /[\uFFFC\uFFFD]/.test(value) ? { code: 'MANIFEST_INVISIBLE' } : undefined;
}

function controlFault(value: string): CellFault {
  const found = CONTROL.exec(value)?.[0] ?? '';
  const { expected } = ISSUES.MANIFEST_CONTROL_CHARACTER;
  return { code: 'MANIFEST_CONTROL_CHARACTER', expected: `${expected}: here is ${codePointName(found)}` };
}

/**
 * Without the invisible characters that belong to the writing: the joiners of Persian and Indic text between letters, of emoji, and
 * of Hebrew marks; tags of flags; selectors after emoji, signs, Chinese, Burmese and Mongolian letters; spaces of other widths within
 * the text, as French and Japanese have them. One after a letter such as Ã may be half of a letter that was read in a wrong encoding.
 */
function withoutHonest(value: string): string {
  return value
    .replaceAll(/(?<=[^\s\u00C2-\u00DB])\p{Zs}+(?=\S)/gu, ' ')
    .replaceAll(
      /(?<=(?![\p{Script=Latin}\p{Script=Common}])[\p{L}\p{M}])[\u200C\u200D](?=(?!\p{Script=Latin})\p{L})/gu,
      '',
    )
    .replaceAll(/(?<=[\p{Extended_Pictographic}\p{S}\p{P}\d])[\uFE00-\uFE0F]/gu, '')
    .replaceAll(/(?<=\u{1F3F4})[\u{E0020}-\u{E007F}]+/gu, '')
    .replaceAll(/(?<=\p{Script=Han})[\uFE00-\uFE0F\u{E0100}-\u{E01EF}]/gu, '')
    .replaceAll(/(?<=[\p{Script=Myanmar}\p{Script=Phags_Pa}])\uFE00/gu, '')
    .replaceAll(/(?<=\p{M})\u034F(?=\p{M})/gu, '')
    .replaceAll(/(?<=\p{Script=Mongolian})[\u180B-\u180D\u180F]/gu, '')
    .replaceAll(
      /(?<=[\p{Extended_Pictographic}\uFE0F\p{Emoji_Modifier}])\u200D(?=\p{Extended_Pictographic})/gu,
      '',
    );
}

/** Whether a value is a list of serials or a range of them. */
function isSeveral(value: string): boolean {
  const parts = value.split(/(?:[\s;,/&~]|\.{2,})+/u).filter((part) => !BETWEEN_SERIALS.has(part));
  return parts.length > 1 && parts.every((part) => SERIAL_PATTERN.test(part) && /\d/.test(part));
}

function remedy(value: string, code: IssueCode): string {
  const { expected } = ISSUES[code];
  const foreign = foreignRemedy(value);
  if (foreign !== undefined) return `${expected}; ${foreign}`;
  if (code === 'MANIFEST_SERIAL_INVALID' && isSeveral(value)) return ONE_SERIAL;
  if (/[a-z]/.test(value)) return `${expected}; lower-case letters are not allowed`;
  const strange = value.match(/[^A-Z0-9-]/)?.[0];
  if (strange !== undefined) return `${expected}; here is a "${strange}"`;
  return /^-|-$/.test(value)
    ? `${expected}; here a hyphen is at one end`
    : `${expected}; here are ${value.length}`;
}
