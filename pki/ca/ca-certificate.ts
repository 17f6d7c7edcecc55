import { NEVER_EXPIRES } from '../profile/certificate-profile.ts';
import { randomCertificateSerial } from '../certificate/device-certificate.ts';
import { keyIdentifierOf } from '../x509/p256.ts';
import type { Signer } from '../signers/signer.ts';
import { assembleCertificate, buildTbs, encodeName } from '../x509/tbs-builder.ts';
import type { SubjectAttribute } from '../x509/tbs-builder.ts';
import { OID } from '../x509/oids.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
} from '../x509/library.ts';
import type { Extension } from '../x509/library.ts';

/**
 * A CA certificate starts a day before it is made, so that the first device certificate, which is backdated, is within
 * its validity.
 */
const BACKDATE_MS = 86_400_000;

/** What a CA certificate names: the organisation, and a common name unique to this generation of the CA. */
export interface CaName {
  readonly organization: string;
  readonly commonName: string;
}

/** A self-signed root that may certify issuing CAs and nothing deeper. */
export function makeRootCertificate(name: CaName, root: Signer, now: Date): Promise<Uint8Array> {
  return makeCaCertificate({ name, issuerName: name, subjectSpki: root.spki, issuer: root, now }, [
    new BasicConstraintsExtension(true, 1, true),
    ...commonExtensions(root.spki),
  ]);
}

/** A factory CA under the root: path length 0, and TLS clients only, which limits what a thief could do with it. */
export function makeFactoryIcaCertificate(
  names: { readonly root: CaName; readonly ica: CaName },
  signers: { readonly root: Signer; readonly icaSpki: Uint8Array },
  now: Date,
): Promise<Uint8Array> {
  const parts = {
    name: names.ica,
    issuerName: names.root,
    subjectSpki: signers.icaSpki,
    issuer: signers.root,
    now,
  };
  return makeCaCertificate(parts, [
    new BasicConstraintsExtension(true, 0, true),
    ...commonExtensions(signers.icaSpki),
    new ExtendedKeyUsageExtension([OID.clientAuth], false),
    new AuthorityKeyIdentifierExtension(hex(keyIdentifierOf(signers.root.spki)), false),
  ]);
}

interface CaCertificateParts {
  readonly name: CaName;
  readonly issuerName: CaName;
  readonly subjectSpki: Uint8Array;
  readonly issuer: Signer;
  readonly now: Date;
}

async function makeCaCertificate(parts: CaCertificateParts, extensions: Extension[]): Promise<Uint8Array> {
  const tbs = await buildTbs({
    certificateSerial: randomCertificateSerial(),
    subject: attributesOf(parts.name),
    issuer: caNameDer(parts.issuerName),
    spki: parts.subjectSpki,
    notBefore: new Date(Math.floor((parts.now.getTime() - BACKDATE_MS) / 60_000) * 60_000),
    notAfter: NEVER_EXPIRES,
    extensions,
  });
  return assembleCertificate(tbs, await parts.issuer.sign(tbs, { requestId: `ca/${parts.name.commonName}` }));
}

/** The name as encoded DER. */
export function caNameDer(name: CaName): Uint8Array {
  return encodeName(attributesOf(name));
}

function attributesOf(name: CaName): SubjectAttribute[] {
  return [
    { [OID.organization]: [{ utf8String: name.organization }] },
    { [OID.commonName]: [{ utf8String: name.commonName }] },
  ];
}

function commonExtensions(spki: Uint8Array): Extension[] {
  return [
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    new SubjectKeyIdentifierExtension(hex(keyIdentifierOf(spki)), false),
  ];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
