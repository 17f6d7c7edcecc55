import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { isThere } from '../../disk/is-there.ts';
import { certificatesIn } from '../x509/certificate-file.ts';
import { PkiError } from '../pki-error.ts';
import { CA_FILES, readCaFile } from './ca-files.ts';

/** The certificates from the factory ICA up to the root, DER; needs no key. Throws CA_NOT_FOUND, CA_INCONSISTENT. */
export function readCaChain(directory: string): Uint8Array[] {
  const between = isThere(join(directory, CA_FILES.intermediates)) ? [CA_FILES.intermediates] : [];
  return [CA_FILES.factoryIca, ...between, CA_FILES.root].flatMap((name) => {
    const pem = readCaFile(directory, name);
    try {
      return certificatesIn(Buffer.from(pem)).map((der) => Uint8Array.from(new X509Certificate(der).raw));
    } catch (error) {
      const message = `The CA file ${join(directory, name)} is not a certificate: restore it from a backup.`;
      throw new PkiError('CA_INCONSISTENT', message, { cause: error });
    }
  });
}
