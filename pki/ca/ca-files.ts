import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing } from '../../disk/errno.ts';
import { FileNotPrivateError } from '../../disk/private-file.ts';
import type { SecretBytes } from '../keys/secret-bytes.ts';
import { pemOf } from '../x509/pem.ts';
import { PkiError } from '../pki-error.ts';

/** The files of a CA's folder. `chain.pem` holds the factory ICA, then the root: `openssl verify -CAfile` takes it. */
export const CA_FILES = {
  root: 'root.pem',
  rootKey: 'root.key.pem',
  rootPassphrase: 'root.passphrase',
  rootCrl: 'root.crl.pem',
  icaPassphrase: 'ca.passphrase',
  factoryIca: 'factory-ica.pem',
  factoryIcaKey: 'factory-ica.key.pem',
  intermediates: 'intermediates.pem',
  chain: 'chain.pem',
  ceremony: 'ceremony.txt',
} as const;

/** Where a CA is, and the passphrase that opens its keys. */
export interface CaLocation {
  readonly directory: string;
  readonly passphrase: SecretBytes;
}

/** The public files of a chain, from the factory CA up to the root. */
export function chainFiles(chain: readonly Uint8Array[]): Record<string, string> {
  const pems = chain.map((der) => pemOf('CERTIFICATE', der));
  const between = pems.slice(1, -1);
  return {
    [CA_FILES.factoryIca]: pems[0]!,
    ...(between.length > 0 && { [CA_FILES.intermediates]: between.join('') }),
    [CA_FILES.root]: pems.at(-1)!,
    [CA_FILES.chain]: pems.join(''),
  };
}

/**
 * The text of a file of a CA's folder. Throws CA_NOT_FOUND, CA_PERMISSIONS where `read` refuses it, and the file system's
 * error for one that is there and cannot be read.
 */
export function readCaFile(
  directory: string,
  name: string,
  read: (path: string) => string = (path) => readFileSync(path, 'ascii'),
): string {
  const path = join(directory, name);
  try {
    return read(path);
  } catch (error) {
    if (error instanceof FileNotPrivateError) throw new PkiError('CA_PERMISSIONS', error.message);
    if (!isMissing(error)) throw error;
    const message = `There is no CA file ${path}: create the CA with "certline ca init", or correct the path.`;
    throw new PkiError('CA_NOT_FOUND', message, { cause: error });
  }
}
