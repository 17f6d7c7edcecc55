/** What was signed of a certificate or revocation list in DER: the first element in the outer one, whole. */
export function signedPartOf(der: Uint8Array): Uint8Array {
  const outer = headerAt(der, 0);
  const inner = headerAt(der, outer.content);
  return der.subarray(outer.content, inner.content + inner.length);
}

/** Where the content of the element at `start` begins, and how many octets it has. */
function headerAt(der: Uint8Array, start: number): { content: number; length: number } {
  const first = der[start + 1] ?? 0;
  if (first < 0x80) return { content: start + 2, length: first };
  const octets = first & 0x7f;
  const content = start + 2 + octets;
  const length = der.subarray(start + 2, content).reduce((sum, octet) => sum * 256 + octet, 0);
  return { content, length };
}
