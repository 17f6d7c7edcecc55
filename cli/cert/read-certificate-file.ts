import { readFileSync, statSync } from 'node:fs';
import { certificatesIn } from '../../pki/x509/certificate-file.ts';
import { CommandError } from '../exit-status.ts';

/** A thousand certificates in PEM. */
const MAX_BYTES = 2 ** 20;

/** The certificates in a file, DER. Throws `unknown` when the file cannot be read or has more than 1 MiB. */
export function readCertificateFile(path: string): Uint8Array[] {
  try {
    if (statSync(path).size > MAX_BYTES) throw new Error('it has more than 1 MiB');
    return certificatesIn(readFileSync(path));
  } catch (error) {
    const message = `The file ${path} cannot be read (${(error as Error).message}): give a certificate in DER or PEM.`;
    throw new CommandError('unknown', message, { cause: error });
  }
}
