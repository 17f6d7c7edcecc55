import { X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SubjectAltName } from '../../provisioning/product.ts';
import { extensionOf } from './lint-check.ts';
import { readCertificate, readName, readPurposes } from '../x509/certificate-reader.ts';
import { unlessMalformed } from '../x509/der-reader.ts';
import { readTime } from '../x509/time.ts';
import type { CertificateFields, NameAttribute } from '../x509/certificate-reader.ts';
import { readAltName } from './alt-name.ts';
import { sha256Hex } from '../x509/p256.ts';
import { OID } from '../x509/oids.ts';

/** What a certificate says; texts are empty where its subject has no such attribute. */
export interface CertificateFacts {
  /** The subject's serialNumber attribute: the unit's serial. */
  readonly serial: string;
  readonly commonName: string;
  readonly organization: string;
  /** Dotted OIDs of its extended key usage; empty where it has none, or none that can be read. */
  readonly purposes: readonly string[];
  /** Undefined where it has none, or none of a form that our profiles have. */
  readonly subjectAltName?: SubjectAltName;
  /** The certificate's own serial number, lower-case hex. */
  readonly certificateSerial: string;
  /** SHA-256 of the DER, lower-case hex. */
  readonly certificateSha256: string;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly spkiSha256: string;
  /** ISO 8601; empty where the encoded time is not one of RFC 5280. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** The signature verifies with the key of one of the given issuers. */
  readonly issuedByUs: boolean;
}

/**
 * Describes a certificate file as it was found on a board; `issuers` are our issuing certificates, DER. A foreign
 * certificate is described even where its encoding is loose (PEM, BER, bytes behind it), so that it is not taken for
 * rubbish and overwritten. Undefined when there is no whole certificate: a truncated file, noise, or a copy of one of
 * ours that is not exact to the byte.
 */
export function describeCertificate(
  bytes: Uint8Array,
  issuers: readonly Uint8Array[] = [],
): CertificateFacts | undefined {
  const certificate = parse(bytes);
  if (certificate === undefined) return undefined;
  const issuedByUs = issuers.some((issuer) => isSignedBy(certificate, new X509Certificate(issuer).publicKey));
  if (issuedByUs && Buffer.compare(certificate.raw, bytes) !== 0) return undefined;
  const fields = strictFields(certificate.raw);
  if (fields === undefined) return issuedByUs ? undefined : looseFacts(certificate);
  return { ...factsOf(fields), certificateSha256: sha256Hex(certificate.raw), issuedByUs };
}

function parse(bytes: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes);
  } catch {
    return undefined;
  }
}

/** False too where a foreign algorithm is one that OpenSSL cannot verify with. */
function isSignedBy(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.verify(key);
  } catch {
    return false;
  }
}

function strictFields(der: Uint8Array): CertificateFields | undefined {
  return unlessMalformed(() => readCertificate(der));
}

/** What an extension says, where there is one in a form that we read. */
function readable<T>(fields: CertificateFields, oid: string, read: (value: Uint8Array) => T): T | undefined {
  const extension = extensionOf(fields, oid);
  return extension && unlessMalformed(() => read(extension.value));
}

function definedAltName(subjectAltName: SubjectAltName | undefined): { subjectAltName?: SubjectAltName } {
  return subjectAltName === undefined ? {} : { subjectAltName };
}

function factsOf(fields: CertificateFields): Omit<CertificateFacts, 'certificateSha256' | 'issuedByUs'> {
  const attributes = readName(fields.subject).flat();
  return {
    serial: textOf(attributes, OID.serialNumber),
    commonName: textOf(attributes, OID.commonName),
    organization: textOf(attributes, OID.organization),
    purposes: readable(fields, OID.extendedKeyUsage, readPurposes) ?? [],
    ...definedAltName(readable(fields, OID.subjectAltName, readAltName)),
    certificateSerial: Buffer.from(fields.serial).toString('hex'),
    spkiSha256: sha256Hex(fields.spki),
    notBefore: readTime(fields.notBefore)?.toISOString() ?? '',
    notAfter: readTime(fields.notAfter)?.toISOString() ?? '',
  };
}

function looseFacts(certificate: X509Certificate): CertificateFacts {
  const unread = {
    serial: '',
    commonName: '',
    organization: '',
    purposes: [],
    spkiSha256: '',
    notBefore: '',
    notAfter: '',
  };
  return {
    ...unread,
    certificateSerial: certificate.serialNumber.toLowerCase(),
    certificateSha256: sha256Hex(certificate.raw),
    issuedByUs: false,
  };
}

function textOf(attributes: readonly NameAttribute[], oid: string): string {
  const attribute = attributes.find((candidate) => candidate.oid === oid);
  return attribute === undefined ? '' : Buffer.from(attribute.value).toString('utf8');
}
