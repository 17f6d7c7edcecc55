import { pemBlocks } from './pem.ts';

/**
 * The revocation list in a file, DER: the first block of a PEM file, or the file itself where it has none. Checks
 * nothing.
 */
export function crlIn(file: Uint8Array): Uint8Array {
  return pemBlocks('X509 CRL', file)[0] ?? file;
}
