import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { makeFactoryIcaCertificate, makeRootCertificate } from '../../pki/ca/ca-certificate.ts';
import type { CaName } from '../../pki/ca/ca-certificate.ts';
import { readCertificate } from '../../pki/x509/certificate-reader.ts';
import { createCa } from '../../pki/ca/create-ca.ts';
import { openFactoryCa } from '../../pki/ca/open-ca.ts';
import {
  buildDeviceTbs,
  notBeforeOf,
  randomCertificateSerial,
} from '../../pki/certificate/device-certificate.ts';
import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import { gateCsr } from '../../pki/signing/csr-gate.ts';
import { openIssuingCa } from '../../pki/ca/issuing-ca.ts';
import type { IssuingCa } from '../../pki/ca/issuing-ca.ts';
import { pemOf } from '../../pki/x509/pem.ts';
import { SoftwareSigner } from '../../pki/signers/software-signer.ts';
import { assembleCertificate } from '../../pki/x509/tbs-builder.ts';
import { passphrase, PROFILE } from './acme.ts';
import { hex, joined, partsOf } from './lint/certificate-parts.ts';
import type { CertificateParts } from './lint/certificate-parts.ts';
import { fileIn } from './openssl.ts';

/** What a corporate root may certify: a factory CA that is not limited to TLS clients. */
export function withoutPurposes({ extensions }: CertificateParts): Partial<CertificateParts> {
  return { extensions: extensions.filter((extension) => !extension.includes(hex('0603551d25'))) };
}

/**
 * A CA in memory, which spares the time that encrypting its keys takes; `chainPath` is its chain for openssl. With
 * `change` its certificate is another than `ca init` would make.
 */
export async function makeCa(
  folder: string,
  change: (ica: CertificateParts) => Partial<CertificateParts> = () => ({}),
): Promise<IssuingCa & { chainPath: string }> {
  const now = new Date();
  const [root, ica] = [newSigner('root'), newSigner('ica')];
  const generation = randomUUID();
  const names = { root: caName(`Root ${generation}`), ica: caName(`ICA ${generation}`) };
  const rootCertificate = await makeRootCertificate(names.root, root, now);
  const usual = await makeFactoryIcaCertificate(names, { root, icaSpki: ica.spki }, now);
  const parts = partsOf(readCertificate(usual).tbs);
  const tbs = joined({ ...parts, ...change(parts) });
  const chain = [assembleCertificate(tbs, await root.sign(tbs)), rootCertificate];
  const chainPath = fileIn(
    folder,
    `chain-${generation}.pem`,
    chain.map((der) => pemOf('CERTIFICATE', der)).join(''),
  );
  return { ...openIssuingCa(ica, chain, now), chainPath };
}

/** A CA in `folder`/ca, its keys encrypted, loaded. */
export async function makeStoredCa(folder: string): Promise<IssuingCa & { directory: string }> {
  const directory = join(folder, 'ca');
  await createCa({ directory, name: 'Acme Devices', passphrase: passphrase() });
  return { ...openFactoryCa({ directory, passphrase: passphrase() }), directory };
}

function caName(commonName: string): CaName {
  return { organization: 'Acme Devices', commonName };
}

function newSigner(id: string): SoftwareSigner {
  return new SoftwareSigner(id, generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);
}

/** A request with a fresh key. */
function freshCsr(serial: string): Uint8Array {
  return generateDeviceKey().createCsr({ serial });
}

/** The to-be-signed part of a leaf with a fresh key. */
export async function freshTbs(ca: IssuingCa, serial: string, profile = PROFILE): Promise<Uint8Array> {
  const terms = {
    serial,
    spki: (await gateCsr(freshCsr(serial))).spki,
    certificateSerial: randomCertificateSerial(),
    notBefore: notBeforeOf(new Date(), ca.facts),
  };
  return buildDeviceTbs(terms, profile, ca.facts);
}

/** Any to-be-signed part, right or wrong, made a certificate by the CA's key. */
export async function signTbs(ca: IssuingCa, tbs: Uint8Array): Promise<Uint8Array> {
  return assembleCertificate(tbs, await ca.signer.sign(tbs, { requestId: 'test' }));
}
