// Zephyr's base64_decode (mbedTLS's): blanks only at the end of a line, at most two "=" and nothing after them; a last
// group of fewer than four characters is dropped without a word. Observed on Zephyr 4.4.0.

const LINE = /^[A-Za-z0-9+/]*={0,2}[ \r\n]*$/;

/** The bytes of one line's base64, or `undefined` where the firmware's decoder reports an error. */
export function decodeBase64Strict(line: Uint8Array): Uint8Array | undefined {
  const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString('latin1');
  if (!LINE.test(text)) return undefined;
  const digits = text.trimEnd();
  return Buffer.from(digits.slice(0, digits.length - (digits.length % 4)), 'base64');
}
