import { pemBlocks } from './pem.ts';

/**
 * The certificates in a file, DER: each block of a PEM file in turn, or the file itself where it has none. Nothing is
 * checked: what is not a certificate is for the linter to say.
 */
export function certificatesIn(file: Uint8Array): Uint8Array[] {
  const blocks = pemBlocks('CERTIFICATE', file);
  return blocks.length === 0 ? [file] : blocks;
}
