// Zephyr's base64_decode (mbedTLS's): blanks only at the end of a line, at most two "=" and nothing after them; a last group
// of fewer than four characters is dropped without a word. Observed on Zephyr 4.4.0.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES: ReadonlyMap<number, number> = new Map(
  Array.from(ALPHABET, (char, value) => [char.charCodeAt(0), value]),
);
const PAD = 0x3d;
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x0d, 0x0a]);

function stripBlanks(text: Uint8Array): Uint8Array | undefined {
  let end = text.length;
  while (end > 0 && BLANKS.has(text[end - 1] ?? 0)) end--;
  return text.subarray(0, end).some((byte) => BLANKS.has(byte)) ? undefined : text.subarray(0, end);
}

/** The bytes of one line's base64, or `undefined` where the firmware's decoder reports an error. */
export function decodeBase64Strict(line: Uint8Array): Uint8Array | undefined {
  const text = stripBlanks(line);
  if (text === undefined) return undefined;
  const padAt = text.indexOf(PAD);
  const padding = padAt < 0 ? 0 : text.length - padAt;
  const digits = text.subarray(0, text.length - padding);
  if (padding > 2 || text.subarray(text.length - padding).some((byte) => byte !== PAD)) return undefined;
  if (digits.some((byte) => !VALUES.has(byte))) return undefined;
  const groups = Math.floor(text.length / 4);
  const whole = Uint8Array.from({ length: groups * 3 }, (_, at) => decodeByte(text, at));
  return text.length % 4 === 0 ? whole.subarray(0, whole.length - padding) : whole;
}

function decodeByte(text: Uint8Array, at: number): number {
  const group = Math.floor(at / 3) * 4;
  const sextets = [0, 1, 2, 3].map((index) => VALUES.get(text[group + index] ?? PAD) ?? 0);
  const [a = 0, b = 0, c = 0, d = 0] = sextets;
  return ([(a << 2) | (b >> 4), (b << 4) | (c >> 2), (c << 6) | d][at % 3] ?? 0) & 0xff;
}
