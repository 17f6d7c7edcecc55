import { certificatesIn } from '../../pki/x509/certificate-file.ts';
import { readGivenFile } from '../given-file.ts';
import type { Wanted } from '../given-file.ts';

/** A thousand certificates in PEM. */
const CERTIFICATES: Wanted = { content: 'a certificate in DER or PEM', maxBytes: 2 ** 20 };

/** The certificates in a file, DER. Throws `unknown` when the file cannot be read or has more than 1 MiB. */
export function readCertificateFile(path: string): Uint8Array[] {
  return certificatesIn(readGivenFile(path, CERTIFICATES));
}
