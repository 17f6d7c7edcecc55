import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { newPassphrase } from '../../disk/passphrase-file.ts';
import { encryptPrivateKey } from '../keys/encrypted-key.ts';
import { SecretBytes } from '../keys/secret-bytes.ts';
import { PkiError } from '../pki-error.ts';
import { SoftwareSigner } from '../signers/software-signer.ts';
import { makeFactoryIcaCertificate } from './ca-certificate.ts';
import type { CaName } from './ca-certificate.ts';
import { CA_FILES, chainFiles } from './ca-files.ts';
import { newCaNames } from './ca-name.ts';
import type { IssuingCa } from './issuing-ca.ts';
import { refuseExistingCa, writeCaFolder } from './write-ca.ts';

/**
 * Makes another factory CA under the root, in a folder of its own with its encrypted key and a new passphrase: to be
 * sealed, and registered at the clouds now, so that a lost CA costs minutes. Throws CA_EXISTS, CA_INCONSISTENT for a
 * root that Certline did not make.
 */
export async function createStandby(
  root: IssuingCa,
  directory: string,
  now: Date = new Date(),
): Promise<void> {
  refuseExistingCa(directory);
  const name = rootNameOf(root);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const { spki } = new SoftwareSigner('factory-ica', privateKey);
  const names = { root: name, ica: newCaNames(name.organization).ica };
  const certificate = await makeFactoryIcaCertificate(names, { root: root.signer, icaSpki: spki }, now);
  if (!new X509Certificate(certificate).checkIssued(new X509Certificate(root.certificate)))
    throw foreignRoot();
  const passphrase = newPassphrase();
  writeCaFolder(directory, {
    ...chainFiles([certificate, root.certificate]),
    [CA_FILES.factoryIcaKey]: encryptPrivateKey(privateKey, new SecretBytes(Buffer.from(passphrase))),
    [CA_FILES.icaPassphrase]: `${passphrase}\n`,
  });
}

/** Throws CA_INCONSISTENT. */
function rootNameOf({ certificate }: IssuingCa): CaName {
  const [, organization, commonName] =
    /^O=([^\n]+)\nCN=([^\n]+)$/.exec(new X509Certificate(certificate).subject) ?? [];
  if (organization === undefined || commonName === undefined) throw foreignRoot();
  return { organization, commonName };
}

function foreignRoot(): PkiError {
  const message =
    'This root was not made by Certline: have it certify the request of "certline ca csr" instead.';
  return new PkiError('CA_INCONSISTENT', message);
}
