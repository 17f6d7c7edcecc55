// Base64 from bytes to bytes. Strings are avoided on purpose: they cannot be wiped, and key files pass here.

const PAD = 0x3d; // '='
const ALPHABET = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const VALUES = new Int8Array(256).fill(-1);
for (const [value, character] of ALPHABET.entries()) VALUES[character] = value;
/** 1 for each character that base64 may have. */
const IS_CHARACTER = Uint8Array.from(VALUES, (value, byte) => (value >= 0 || byte === PAD ? 1 : 0));

/** True for the 64 characters of the alphabet and the padding character, as byte values. */
export function isBase64Character(byte: number): boolean {
  return IS_CHARACTER[byte] === 1;
}

/** Number of base64 characters, padding included, for that many bytes. */
export function base64Length(byteLength: number): number {
  return Math.ceil(byteLength / 3) * 4;
}

/** Writes the padded base64 of `bytes` into `target` from `position` on; returns the position after it. */
export function encodeBase64(bytes: Uint8Array, target: Uint8Array, position: number): number {
  const wholeEnd = bytes.length - (bytes.length % 3);
  let at = position;
  for (let index = 0; index < wholeEnd; index += 3) {
    const group =
      ((bytes[index] as number) << 16) | ((bytes[index + 1] as number) << 8) | (bytes[index + 2] as number);
    target[at++] = ALPHABET[group >> 18] as number;
    target[at++] = ALPHABET[(group >> 12) & 63] as number;
    target[at++] = ALPHABET[(group >> 6) & 63] as number;
    target[at++] = ALPHABET[group & 63] as number;
  }
  return wholeEnd === bytes.length ? at : encodeLastGroup(bytes, wholeEnd, target, at);
}

function encodeLastGroup(bytes: Uint8Array, index: number, target: Uint8Array, at: number): number {
  const isTwo = index + 1 < bytes.length;
  const group = ((bytes[index] as number) << 16) | (isTwo ? (bytes[index + 1] as number) << 8 : 0);
  target[at] = ALPHABET[group >> 18] as number;
  target[at + 1] = ALPHABET[(group >> 12) & 63] as number;
  target[at + 2] = isTwo ? (ALPHABET[(group >> 6) & 63] as number) : PAD;
  target[at + 3] = PAD;
  return at + 4;
}

/** Index of the first byte from `start` on that is not a character of base64, or the length. */
export function endOfBase64(bytes: Uint8Array, start: number): number {
  let index = start;
  while (index < bytes.length && IS_CHARACTER[bytes[index] as number] === 1) index++;
  return index;
}

/**
 * Decodes `count` characters, whole groups with padding in the last only, into `target`. Returns the number of
 * bytes, or `undefined` when the characters are not that.
 */
export function decodeBase64(characters: Uint8Array, count: number, target: Uint8Array): number | undefined {
  let at = 0;
  for (let index = 0; index < count - 4; index += 4) {
    const a = VALUES[characters[index] as number] as number;
    const b = VALUES[characters[index + 1] as number] as number;
    const c = VALUES[characters[index + 2] as number] as number;
    const d = VALUES[characters[index + 3] as number] as number;
    if ((a | b | c | d) < 0) return undefined;
    target[at++] = (a << 2) | (b >> 4);
    target[at++] = ((b & 15) << 4) | (c >> 2);
    target[at++] = ((c & 3) << 6) | d;
  }
  const last = decodeBase64Group(characters, count - 4, target, at);
  return last === 0 ? undefined : at + last;
}

/**
 * Decodes one group of four characters at `position` into `target` from `at` on. Returns the number of bytes, 1 to
 * 3, or 0 when the four are not a base64 group.
 */
export function decodeBase64Group(
  characters: Uint8Array,
  position: number,
  target: Uint8Array,
  at: number,
): number {
  const third = characters[position + 2] as number;
  const fourth = characters[position + 3] as number;
  const length = fourth !== PAD ? 3 : third !== PAD ? 2 : 1;
  const a = VALUES[characters[position] as number] as number;
  const b = VALUES[characters[position + 1] as number] as number;
  const c = length > 1 ? (VALUES[third] as number) : 0;
  const d = length > 2 ? (VALUES[fourth] as number) : 0;
  if ((a | b | c | d) < 0) return 0;
  const group = (a << 18) | (b << 12) | (c << 6) | d;
  target[at] = group >> 16;
  if (length > 1) target[at + 1] = (group >> 8) & 0xff;
  if (length > 2) target[at + 2] = group & 0xff;
  return length;
}
