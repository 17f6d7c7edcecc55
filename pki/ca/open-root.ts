import { join } from 'node:path';
import { readPrivateFile } from '../../disk/private-file.ts';
import { decryptPrivateKey } from '../keys/encrypted-key.ts';
import { SoftwareSigner } from '../signers/software-signer.ts';
import { certificatesIn } from '../x509/certificate-file.ts';
import { CA_FILES, readCaFile } from './ca-files.ts';
import type { CaLocation } from './ca-files.ts';
import { openIssuingCa } from './issuing-ca.ts';
import type { IssuingCa } from './issuing-ca.ts';

/**
 * The root of a folder that `createCa` made, ready to sign. Throws CA_NOT_FOUND, CA_PERMISSIONS, PASSPHRASE_WRONG,
 * CA_INCONSISTENT.
 */
export function openRoot({ directory, passphrase }: CaLocation, now: Date = new Date()): IssuingCa {
  const [certificate] = certificatesIn(Buffer.from(readCaFile(directory, CA_FILES.root)));
  const pem = readCaFile(directory, CA_FILES.rootKey, (path) =>
    readPrivateFile(path, 'the key of the root').toString('ascii'),
  );
  const key = decryptPrivateKey(pem, passphrase, join(directory, CA_FILES.rootKey));
  return openIssuingCa(new SoftwareSigner('root', key), certificate === undefined ? [] : [certificate], now);
}
