import { join } from 'node:path';
import type { CertificateProfile } from '../../pki/certificate-profile.ts';
import { createDevelopmentCa, loadFactoryIca } from '../../pki/development-ca.ts';
import { buildDeviceTbs, notBeforeOf, randomCertificateSerial } from '../../pki/device-certificate.ts';
import { generateDeviceKey } from '../../pki/device-key.ts';
import { gateCsr } from '../../pki/csr-gate.ts';
import type { IssuingCa } from '../../pki/issuing-ca.ts';
import { SecretBytes } from '../../pki/secret-bytes.ts';
import { assembleCertificate } from '../../pki/tbs-builder.ts';

export const PROFILE: CertificateProfile = {
  organization: 'acme-line-1',
  commonName: '{serial}',
  validity: 'forever',
};

export function passphrase(text = 'correct horse'): SecretBytes {
  return new SecretBytes(Buffer.from(text));
}

/** A CA in `folder`/ca, loaded. */
export async function makeCa(folder: string): Promise<IssuingCa & { directory: string }> {
  const directory = join(folder, 'ca');
  await createDevelopmentCa({ directory, name: 'Acme Devices', passphrase: passphrase() });
  return { ...loadFactoryIca({ directory, passphrase: passphrase() }), directory };
}

/** A request with a fresh key. */
export function freshCsr(serial: string): Uint8Array {
  return generateDeviceKey().createCsr({ serial });
}

/** The to-be-signed part of a leaf with a fresh key. */
export function freshTbs(ca: IssuingCa, serial: string, profile = PROFILE): Promise<Uint8Array> {
  const terms = {
    serial,
    spki: gateCsr(freshCsr(serial)).spki,
    certificateSerial: randomCertificateSerial(),
    notBefore: notBeforeOf(new Date(), ca.facts),
  };
  return buildDeviceTbs(terms, profile, ca.facts);
}

/** Any to-be-signed part, right or wrong, made a certificate by the CA's key. */
export async function signTbs(ca: IssuingCa, tbs: Uint8Array): Promise<Uint8Array> {
  return assembleCertificate(tbs, await ca.signer.sign(tbs, { requestId: 'test' }));
}
