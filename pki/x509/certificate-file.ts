const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----\s([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g;

/**
 * The certificates in a file, DER: each block of a PEM file in turn, or the file itself where it has none. Nothing is
 * checked: what is no certificate is for the linter to say.
 */
export function certificatesIn(file: Uint8Array): Uint8Array[] {
  const blocks = [...Buffer.from(file).toString('latin1').matchAll(PEM_CERTIFICATE)];
  if (blocks.length === 0) return [file];
  return blocks.map(([, base64 = '']) => Uint8Array.from(Buffer.from(base64, 'base64')));
}
