import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { encryptPrivateKey } from '../keys/encrypted-key.ts';
import { checkedPassphrase } from '../keys/passphrase.ts';
import type { Signer } from '../signers/signer.ts';
import { SoftwareSigner } from '../signers/software-signer.ts';
import { makeFactoryIcaCertificate, makeRootCertificate } from './ca-certificate.ts';
import { CA_FILES, chainFiles } from './ca-files.ts';
import type { CaLocation } from './ca-files.ts';
import { newPassphrase } from '../../disk/passphrase-file.ts';
import { SecretBytes } from '../keys/secret-bytes.ts';
import { newCaNames } from './ca-name.ts';
import { ceremonyTranscript } from './ceremony-transcript.ts';
import { openIssuingCa } from './issuing-ca.ts';
import { refuseExistingCa, writeCaFolder } from './write-ca.ts';

/**
 * Makes a root and a factory CA under it, valid without end, keys encrypted. With both keys in one folder that is a CA
 * for development; for production the root's key goes to another folder, to be taken away, and the factory CA's may be
 * on a token. Throws CA_EXISTS, PASSPHRASE_INVALID, PROFILE_INVALID for the name.
 */
export async function createCa(
  options: CaLocation & {
    readonly name: string;
    readonly now?: Date;
    /** Holds the factory CA's key, which is then no file. */
    readonly icaSigner?: Signer;
    /**
     * Another folder for the root's key, to be taken away, and the passphrase of that key: a new one, in that folder,
     * unless it is given.
     */
    readonly root?: { readonly directory: string; readonly passphrase?: SecretBytes };
  },
): Promise<void> {
  const { directory, now = new Date(), icaSigner } = options;
  const rootDirectory = options.root?.directory;
  const passphrase = checkedPassphrase(options.passphrase);
  for (const folder of [directory, rootDirectory ?? directory]) refuseExistingCa(folder);
  const names = newCaNames(options.name);
  const [rootKey, icaKey] = [newKey(), newKey()];
  const [root, ica] = [
    new SoftwareSigner('root', rootKey),
    icaSigner ?? new SoftwareSigner('factory-ica', icaKey),
  ];
  const rootCertificate = await makeRootCertificate(names.root, root, now);
  const icaCertificate = await makeFactoryIcaCertificate(names, { root, icaSpki: ica.spki }, now);
  openIssuingCa(ica, [icaCertificate, rootCertificate], now);
  const chain = [icaCertificate, rootCertificate];
  const files = chainFiles(chain);
  if (options.root !== undefined) writeRootFolder(options.root, rootKey, files[CA_FILES.root]!);
  const keys = {
    root: rootDirectory === undefined ? `encrypted, ${CA_FILES.rootKey} beside this` : 'encrypted, elsewhere',
    factoryCa: icaSigner === undefined ? `encrypted, ${CA_FILES.factoryIcaKey} beside this` : icaSigner.id,
  };
  writeCaFolder(directory, {
    ...files,
    ...(rootDirectory === undefined && { [CA_FILES.rootKey]: encryptPrivateKey(rootKey, passphrase) }),
    ...(icaSigner === undefined && { [CA_FILES.factoryIcaKey]: encryptPrivateKey(icaKey, passphrase) }),
    [CA_FILES.ceremony]: ceremonyTranscript({ begun: now, ended: new Date(), chain, keys, files }),
  });
}

/** Nobody has to remember a new passphrase: it is beside the key, on the medium that is taken away. */
function writeRootFolder(
  { directory, passphrase }: { readonly directory: string; readonly passphrase?: SecretBytes },
  rootKey: KeyObject,
  certificate: string,
): void {
  const made = passphrase === undefined ? newPassphrase() : undefined;
  const opening = made === undefined ? checkedPassphrase(passphrase!) : new SecretBytes(Buffer.from(made));
  writeCaFolder(directory, {
    [CA_FILES.root]: certificate,
    [CA_FILES.rootKey]: encryptPrivateKey(rootKey, opening),
    ...(made !== undefined && { [CA_FILES.rootPassphrase]: `${made}\n` }),
  });
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
}
