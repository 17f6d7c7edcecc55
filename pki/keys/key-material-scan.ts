import { EC_PRIVATE_KEY_NUMBERS, KEY_MATERIAL_PATTERNS } from './key-material-patterns.ts';
import type { KeyMaterialForm, KeyMaterialPattern } from './key-material-patterns.ts';

/** Where key material begins and how it is written; never the material itself. */
export interface KeyMaterialFinding {
  readonly form: KeyMaterialForm;
  readonly offset: number;
}

/**
 * True when `bytes` hold a private key in any form it is likely to leak in: PEM, DER (SEC1 and PKCS#8 of P-256, PKCS#8
 * of Ed25519), those in base64, base64url or hex, a JSON array of numbers, a JWK with its "d".
 */
export function containsKeyMaterial(bytes: Uint8Array): boolean {
  return findKeyMaterial(bytes) !== undefined;
}

/** Like `containsKeyMaterial`, saying what was found first; searches in place, so that no string of a key is made. */
export function findKeyMaterial(bytes: Uint8Array): KeyMaterialFinding | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const pattern of KEY_MATERIAL_PATTERNS) {
    const offset = findPattern(view, pattern);
    if (offset !== -1) return { form: pattern.form, offset };
  }
  const numbers = findNumbers(view);
  if (numbers !== -1) return { form: 'json-numbers', offset: numbers };
  const jwk = findJwk(view);
  return jwk === -1 ? undefined : { form: 'jwk', offset: jwk };
}

function findPattern(view: Buffer, { core, prefixes }: KeyMaterialPattern): number {
  for (let at = view.indexOf(core); at !== -1; at = view.indexOf(core, at + 1)) {
    const end = at + core.length;
    const found = prefixes.find((prefix) =>
      prefix.equals(view.subarray(Math.max(0, end - prefix.length), end)),
    );
    if (found !== undefined) return end - found.length;
  }
  return -1;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const FIRST_NUMBER = Buffer.from('48');

/**
 * A key as JSON numbers: `[48, 119, 2, 1, 1, 4, 32, …`, with any white space, or as the object that JSON makes of a
 * Uint8Array: `{"0":48,"1":119,…`.
 */
function findNumbers(view: Buffer): number {
  for (let at = view.indexOf(FIRST_NUMBER); at !== -1; at = view.indexOf(FIRST_NUMBER, at + 1)) {
    if (!isDigit(view[at - 1]) && numbersMatch(view, at + FIRST_NUMBER.length)) return at;
  }
  return -1;
}

function numbersMatch(view: Buffer, start: number): boolean {
  const length = readNumber(view, start);
  if (length === undefined || !EC_PRIVATE_KEY_NUMBERS.lengths.has(length.value)) return false;
  let end = length.end;
  for (const expected of EC_PRIVATE_KEY_NUMBERS.core) {
    const number = readNumber(view, end);
    if (number?.value !== expected) return false;
    end = number.end;
  }
  return true;
}

/** The number behind a comma, and behind a `"key":` where there is one. */
function readNumber(view: Buffer, start: number): { value: number; end: number } | undefined {
  let at = skipSpace(view, start);
  if (view[at] !== COMMA) return undefined;
  at = skipSpace(view, at + 1);
  if (view[at] === QUOTE) {
    at = view.indexOf(COLON, at);
    if (at === -1) return undefined;
    at = skipSpace(view, at + 1);
  }
  let value = 0;
  const first = at;
  for (; isDigit(view[at]) && at - first < 4; at += 1) value = value * 10 + (view[at] ?? 0) - 0x30;
  return at === first ? undefined : { value, end: at };
}

const KEY_TYPE = Buffer.from('"kty');
const PRIVATE_MEMBER = Buffer.from('"d');
/** 32 octets in base64url; the private member of any larger curve, and of RSA, is longer. */
const MIN_PRIVATE_MEMBER_LENGTH = 42;

/** A JWK (RFC 7518 §6.2.2, §6.3.2): an object with "kty" and a "d" of key length, also inside a JSON string. */
function findJwk(view: Buffer): number {
  if (!view.includes(KEY_TYPE)) return -1;
  for (let at = view.indexOf(PRIVATE_MEMBER); at !== -1; at = view.indexOf(PRIVATE_MEMBER, at + 1)) {
    if (privateMemberMatches(view, at + PRIVATE_MEMBER.length)) return at;
  }
  return -1;
}

function privateMemberMatches(view: Buffer, start: number): boolean {
  const afterName = skipQuote(view, start);
  if (afterName === undefined) return false;
  const colon = skipSpace(view, afterName);
  if (view[colon] !== COLON) return false;
  const value = skipQuote(view, skipSpace(view, colon + 1));
  if (value === undefined) return false;
  let end = value;
  while (isBase64url(view[end])) end += 1;
  return end - value >= MIN_PRIVATE_MEMBER_LENGTH;
}

/** The offset behind a quote, escaped or not, or undefined where there is none. */
function skipQuote(view: Buffer, start: number): number | undefined {
  let at = start;
  while (view[at] === BACKSLASH) at += 1;
  return view[at] === QUOTE ? at + 1 : undefined;
}

function skipSpace(view: Buffer, start: number): number {
  let at = start;
  while (view[at] === 0x20 || view[at] === 0x09 || view[at] === 0x0a || view[at] === 0x0d) at += 1;
  return at;
}

function isDigit(octet: number | undefined): boolean {
  return octet !== undefined && octet >= 0x30 && octet <= 0x39;
}

function isBase64url(octet: number | undefined): boolean {
  if (octet === undefined) return false;
  const letter = octet | 0x20;
  return isDigit(octet) || (letter >= 0x61 && letter <= 0x7a) || octet === 0x2d || octet === 0x5f;
}
