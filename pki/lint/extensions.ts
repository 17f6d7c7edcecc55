import type { KeyPurpose } from '../../provisioning/product.ts';
import { extensionOf } from './lint-check.ts';
import type { LintCheck, LintedCertificate } from './lint-check.ts';
import { sameBytes } from '../x509/same-bytes.ts';
import type { ExtensionFields } from '../x509/certificate-reader.ts';
import { keyIdentifierOf } from '../x509/p256.ts';
import { OID } from '../x509/oids.ts';

/** The values that extensions of a device certificate may have, as the DER of their extnValue. */
const EMPTY_SEQUENCE = Buffer.from('3000', 'hex');
const DIGITAL_SIGNATURE_ONLY = Buffer.from('03020780', 'hex');
const PURPOSE_VALUES: readonly { readonly purposes: readonly KeyPurpose[]; readonly value: Uint8Array }[] = [
  { purposes: ['clientAuth'], value: Buffer.from('300a06082b06010505070302', 'hex') },
  {
    purposes: ['clientAuth', 'serverAuth'],
    value: Buffer.from('301406082b0601050507030206082b06010505070301', 'hex'),
  },
];

const DEVICE_EXTENSIONS: ReadonlySet<string> = new Set([
  OID.basicConstraints,
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
  OID.subjectAltName,
]);

const TRUE = 0xff;

/** The extensions of a device certificate (RFC 5280 §4.2). */
export const EXTENSION_CHECKS: readonly LintCheck[] = [
  {
    code: 'extensions_present',
    rule: 'a list of extensions that is not empty (RFC 5280 §4.1.2.9)',
    holds: (certificate) => extensionsOf(certificate).length > 0,
  },
  {
    code: 'extension_twice',
    rule: 'each extension once (RFC 5280 §4.2)',
    holds: (certificate) => {
      const oids = extensionsOf(certificate).map(({ oid }) => oid);
      return new Set(oids).size === oids.length;
    },
  },
  {
    code: 'extension_unknown',
    rule: 'only basic constraints, key usage, extended key usage, the two key identifiers and subject alternative name',
    holds: (certificate) => extensionsOf(certificate).every(({ oid }) => DEVICE_EXTENSIONS.has(oid)),
  },
  {
    code: 'extension_critical_form',
    rule: 'a critical field only where it is TRUE (X.690 §11.5)',
    holds: (certificate) =>
      extensionsOf(certificate).every(
        ({ criticalOctet }) => criticalOctet === undefined || criticalOctet === TRUE,
      ),
  },
  {
    code: 'basic_constraints',
    rule: 'critical basic constraints: not a CA, without an explicit FALSE',
    holds: (certificate) => hasExtension(certificate, OID.basicConstraints, EMPTY_SEQUENCE, true),
  },
  {
    code: 'key_usage',
    rule: 'critical key usage: only digitalSignature, without trailing zero bits (RFC 8813)',
    holds: (certificate) => hasExtension(certificate, OID.keyUsage, DIGITAL_SIGNATURE_ONLY, true),
  },
  {
    code: 'extended_key_usage',
    rule: 'extended key usage, not critical: clientAuth alone, or clientAuth and then serverAuth',
    holds: (certificate) =>
      PURPOSE_VALUES.some(({ value }) => hasExtension(certificate, OID.extendedKeyUsage, value, false)),
  },
  {
    code: 'extended_key_usage_expected',
    rule: 'the purposes of the profile',
    holds: (certificate, { expected }) =>
      expected === undefined || String(purposesOf(certificate)) === String(expected.purposes),
  },
  {
    code: 'extended_key_usage_nested',
    rule: 'only purposes that the issuer may certify for (verifiers check the whole chain)',
    holds: (certificate, { issuer }) =>
      issuer?.purposes === undefined ||
      issuer.purposes.includes(OID.anyExtendedKeyUsage) ||
      purposesOf(certificate).every((purpose) => issuer.purposes?.includes(OID[purpose])),
  },
  {
    code: 'subject_key_identifier',
    rule: "SHA-1 of the key's bit string, not critical (RFC 5280 §4.2.1.2)",
    holds: (certificate) => {
      const identifier = keyIdentifierOf(certificate.fields.spki);
      const value = Buffer.concat([Buffer.from('0414', 'hex'), identifier]);
      return hasExtension(certificate, OID.subjectKeyIdentifier, value, false);
    },
  },
  {
    code: 'authority_key_identifier',
    rule: "the issuer's key identifier alone, not critical (RFC 5280 §4.2.1.1)",
    holds: (certificate, { issuer }) => {
      const found = extensionOf(certificate.fields, OID.authorityKeyIdentifier);
      if (found === undefined || found.criticalOctet !== undefined) return false;
      const identifier = issuer?.keyIdentifier ?? found.value.subarray(4);
      const value = Buffer.concat([Buffer.from('30168014', 'hex'), identifier]);
      return value.length === 24 && sameBytes(found.value, value);
    },
  },
];

function extensionsOf({ fields }: LintedCertificate): readonly ExtensionFields[] {
  return fields.extensions ?? [];
}

/** None where they are not well-formed, which is a finding of its own. */
function purposesOf({ fields }: LintedCertificate): readonly KeyPurpose[] {
  const found = extensionOf(fields, OID.extendedKeyUsage)?.value;
  if (found === undefined) return [];
  return PURPOSE_VALUES.find(({ value }) => sameBytes(value, found))?.purposes ?? [];
}

function hasExtension(
  certificate: LintedCertificate,
  oid: string,
  value: Uint8Array,
  critical: boolean,
): boolean {
  const extension = extensionOf(certificate.fields, oid);
  if (extension === undefined) return false;
  return extension.criticalOctet === (critical ? TRUE : undefined) && sameBytes(extension.value, value);
}
