/** Text encoding of RFC 7468: 64 characters a line, a newline at the end. */
export function pemOf(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
/** The blocks of this label in a PEM file, DER, in turn; none where it has none. What is in them is not checked. */
export function pemBlocks(label: string, file: Uint8Array): Uint8Array[] {
  const block = new RegExp(`-----BEGIN ${label}-----\\s([A-Za-z0-9+/=\\s]*)-----END ${label}-----`, 'g');
  const blocks = Buffer.from(file).toString('latin1').matchAll(block);
  return Array.from(blocks, ([, base64 = '']) => Uint8Array.from(Buffer.from(base64, 'base64')));
}
