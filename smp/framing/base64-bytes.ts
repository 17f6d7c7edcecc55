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

/**
 * Writes the padded base64 of `bytes` from `start` to `end` into `target` from `position` on; returns the position after
 * it. Takes positions, not views: making a view costs as much as encoding a line.
 */
export function encodeBase64(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  position: number,
): number {
  const wholeEnd = end - ((end - start) % 3);
  let at = position;
  for (let index = start; index < wholeEnd; index += 3) {
    const group =
      ((bytes[index] as number) << 16) | ((bytes[index + 1] as number) << 8) | (bytes[index + 2] as number);
    target[at] = ALPHABET[group >> 18] as number;
    target[at + 1] = ALPHABET[(group >> 12) & 63] as number;
    target[at + 2] = ALPHABET[(group >> 6) & 63] as number;
    target[at + 3] = ALPHABET[group & 63] as number;
    at += 4;
  }
  return wholeEnd === end ? at : encodeLastGroup(bytes, wholeEnd, end, target, at);
}

function encodeLastGroup(
  bytes: Uint8Array,
  index: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  const isTwo = index + 1 < end;
  const group = ((bytes[index] as number) << 16) | (isTwo ? (bytes[index + 1] as number) << 8 : 0);
  target[at] = ALPHABET[group >> 18] as number;
  target[at + 1] = ALPHABET[(group >> 12) & 63] as number;
  target[at + 2] = isTwo ? (ALPHABET[(group >> 6) & 63] as number) : PAD;
  target[at + 3] = PAD;
  return at + 4;
}

/**
 * Decodes whole groups of four characters from `start` on into `target` from `at` on, three bytes each. Ends in front
 * of padding, of what is not base64, and where either side has no room for one more; returns the index after the last.
 */
export function decodeBase64Groups(
  characters: Uint8Array,
  start: number,
  target: Uint8Array,
  at: number,
): number {
  const groups = Math.min((characters.length - start) >> 2, Math.floor((target.length - at) / 3));
  const end = start + 4 * groups;
  let position = at;
  let index = start;
  for (; index < end; index += 4) {
    const a = VALUES[characters[index] as number] as number;
    const b = VALUES[characters[index + 1] as number] as number;
    const c = VALUES[characters[index + 2] as number] as number;
    const d = VALUES[characters[index + 3] as number] as number;
    if ((a | b | c | d) < 0) break;
    target[position] = (a << 2) | (b >> 4);
    target[position + 1] = (b << 4) | (c >> 2);
    target[position + 2] = (c << 6) | d;
    position += 3;
  }
  return index;
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
