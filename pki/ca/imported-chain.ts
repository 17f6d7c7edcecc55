import { X509Certificate } from 'node:crypto';
import { readCertificate } from '../x509/certificate-reader.ts';
import type { CertificateFields } from '../x509/certificate-reader.ts';
import { PkiError } from '../pki-error.ts';
import { OID } from '../x509/oids.ts';

/** Bits of a key usage (RFC 5280 §4.2.1.3) in its first octet. */
const KEY_CERT_SIGN_AND_CRL_SIGN = 0x06;
/** OCTET STRING of 20: what the authority key identifier of a device certificate repeats. */
const KEY_IDENTIFIER_VALUE_LENGTH = 22;
const CLIENT_AUTH = Buffer.from('06082b06010505070302', 'hex');

/**
 * The chain of the CA with this key, from it up to its root, out of certificates in any order; all DER. Throws
 * CA_INCONSISTENT when none has the key, the root is missing, or the CA may not do what a factory CA does.
 */
export function chainOfKey(certificates: readonly Uint8Array[], spki: Uint8Array): Uint8Array[] {
  const own = certificates.find((der) => Buffer.compare(readCertificate(der).spki, spki) === 0);
  if (own === undefined) throw unusable('none of the certificates has the CA key of this factory line');
  assertFactoryCa(readCertificate(own));
  const chain = [new X509Certificate(own)];
  const parsed = certificates.map((der) => new X509Certificate(der));
  for (let last = chain[0]!; !last.checkIssued(last); last = chain.at(-1)!) {
    const issuer = parsed.find(
      (candidate) => last.checkIssued(candidate) && last.verify(candidate.publicKey),
    );
    if (issuer === undefined || chain.length > certificates.length)
      throw unusable(`the issuer of ${last.subject.replaceAll('\n', ', ')} is not among the certificates`);
    chain.push(issuer);
  }
  if (chain.length === 1)
    throw unusable('it is a root: another CA must issue the certificate of a factory CA');
  return chain.map(({ raw }) => Uint8Array.from(raw));
}

function assertFactoryCa({ extensions = [] }: CertificateFields): void {
  const valueOf = (oid: string): Uint8Array | undefined =>
    extensions.find((extension) => extension.oid === oid)?.value;
  const usage = valueOf(OID.keyUsage)?.at(-1) ?? 0;
  if ((usage & KEY_CERT_SIGN_AND_CRL_SIGN) !== KEY_CERT_SIGN_AND_CRL_SIGN)
    throw unusable('it may not sign both certificates and revocation lists (key usage)');
  const purposes = valueOf(OID.extendedKeyUsage);
  if (purposes !== undefined && !Buffer.from(purposes).includes(CLIENT_AUTH))
    throw unusable('it may not certify TLS clients (extended key usage)');
  if (valueOf(OID.subjectKeyIdentifier)?.length !== KEY_IDENTIFIER_VALUE_LENGTH)
    throw unusable('it has no subject key identifier of 20 octets');
}

function unusable(why: string): PkiError {
  return new PkiError(
    'CA_INCONSISTENT',
    `The certificate cannot be used for the factory CA: ${why}. Ask its issuer for a correct one.`,
  );
}
