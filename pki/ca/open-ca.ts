import { join } from 'node:path';
import { readPrivateFile } from '../../disk/private-file.ts';
import { decryptPrivateKey } from '../keys/encrypted-key.ts';
import { SoftwareSigner } from '../signers/software-signer.ts';
import { CA_FILES, readCaFile } from './ca-files.ts';
import type { CaLocation } from './ca-files.ts';
import { openIssuingCa } from './issuing-ca.ts';
import type { IssuingCa } from './issuing-ca.ts';
import { readCaChain } from './read-chain.ts';

/**
 * The factory ICA of a folder, ready to sign. Throws CA_NOT_FOUND, CA_PERMISSIONS when others can read the key,
 * PASSPHRASE_WRONG, CA_INCONSISTENT when the files do not belong together, CA_UNAVAILABLE outside its validity.
 */
export function openFactoryCa({
  directory,
  passphrase,
  now = new Date(),
}: CaLocation & { now?: Date }): IssuingCa {
  const chain = readCaChain(directory);
  const keyPath = join(directory, CA_FILES.factoryIcaKey);
  const pem = readCaFile(directory, CA_FILES.factoryIcaKey, (path) =>
    readPrivateFile(path, 'the CA key').toString('ascii'),
  );
  return openIssuingCa(
    new SoftwareSigner('factory-ica', decryptPrivateKey(pem, passphrase, keyPath)),
    chain,
    now,
  );
}
