const PEM_CRL = /-----BEGIN X509 CRL-----\s([A-Za-z0-9+/=\s]*)-----END X509 CRL-----/;

/** The revocation list in a file, DER: the first block of a PEM file, or the file itself where it has none. Checks nothing. */
export function crlIn(file: Uint8Array): Uint8Array {
  const [, base64] = PEM_CRL.exec(Buffer.from(file).toString('latin1')) ?? [];
  return base64 === undefined ? file : Uint8Array.from(Buffer.from(base64, 'base64'));
}
