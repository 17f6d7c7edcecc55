import { ORDER_NUMBER_PATTERN } from '../../provisioning/order-number.ts';
import { SERIAL_PATTERN } from '../../provisioning/serial-number.ts';
import { ISSUES } from '../issue-codes.ts';
import type { IssueCode } from '../issue-codes.ts';
import { codePointName, hasUnseen } from '../csv/visible-text.ts';

/** What is wrong with a cell; `expected` is present where it says more than the sentence of the table. */
export interface CellFault {
  readonly code: IssueCode;
  readonly expected?: string;
}

/** 2 to 32 bytes in hex: from short chip numbers to a SHA-256. */
const BOARD_ID_PATTERN = /^[0-9A-Fa-f]{4,64}$/;

const MAX_ATTR_CHARACTERS = 256;

const CONTROL = /\p{Cc}/u;
const SCIENTIFIC = /^[+-]?\d+[.,]?\d*E[+-]?\d+$/i;
const FORMULA_START = /^[=+\-@＝＋－＠]/;
const PLAIN_NUMBER = /^[+-]?\d+(?:\.\d+)?$/;

/** The fault of an order number, or undefined. */
export function orderFault(value: string): CellFault | undefined {
  return identifierFault(value, ORDER_NUMBER_PATTERN, 'MANIFEST_ORDER_INVALID');
}

/** The fault of a serial, or undefined. */
export function serialFault(value: string): CellFault | undefined {
  return identifierFault(value, SERIAL_PATTERN, 'MANIFEST_SERIAL_INVALID');
}

/** The fault of a board id that is not empty, or undefined. Upper case is accepted. */
export function boardIdFault(value: string): CellFault | undefined {
  if (BOARD_ID_PATTERN.test(value)) return undefined;
  return textFault(value) ?? mangledFault(value) ?? { code: 'MANIFEST_BOARD_ID_INVALID' };
}

/** The fault of a product name that is not in the configuration, whose names are `known`. */
export function productFault(value: string, known: readonly string[]): CellFault {
  if (value === '') return { code: 'MANIFEST_CELL_EMPTY' };
  return textFault(value) ?? { code: 'MANIFEST_PRODUCT_UNKNOWN', expected: `one of: ${known.join(', ')}` };
}

/** The fault of an attribute, or undefined; it may be empty. */
export function attrFault(value: string): CellFault | undefined {
  if (value.length > MAX_ATTR_CHARACTERS) return { code: 'MANIFEST_ATTR_TOO_LONG' };
  return textFault(value) ?? (PLAIN_NUMBER.test(value) ? undefined : formulaFault(value));
}

function identifierFault(value: string, pattern: RegExp, code: IssueCode): CellFault | undefined {
  if (pattern.test(value)) return undefined;
  if (value === '') return { code: 'MANIFEST_CELL_EMPTY' };
  return (
    textFault(value) ?? mangledFault(value) ?? formulaFault(value) ?? { code, expected: remedy(value, code) }
  );
}

/** The faults that no cell may have. Another program writes U+FFFD for a character that it could not read. */
function textFault(value: string): CellFault | undefined {
  if (CONTROL.test(value)) return { code: 'MANIFEST_CONTROL_CHARACTER' };
  if (value !== value.trim()) return { code: 'MANIFEST_SPACES' };
  return hasUnseen(value) || value.includes('\uFFFD') ? { code: 'MANIFEST_INVISIBLE' } : undefined;
}

function mangledFault(value: string): CellFault | undefined {
  return SCIENTIFIC.test(value) ? { code: 'MANIFEST_MANGLED' } : undefined;
}

function formulaFault(value: string): CellFault | undefined {
  return FORMULA_START.test(value) ? { code: 'MANIFEST_FORMULA' } : undefined;
}

function remedy(value: string, code: IssueCode): string {
  const { expected } = ISSUES[code];
  const foreign = value.match(/[^\u0020-\u007e]/u)?.[0];
  if (foreign !== undefined)
    return `${expected}; the "${foreign}" in this value is ${codePointName(foreign)}: type it again`;
  if (/[a-z]/.test(value)) return `${expected}; lower-case letters are not allowed`;
  return expected;
}
