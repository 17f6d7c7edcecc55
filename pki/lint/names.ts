import { isSerial } from '../../provisioning/serial-number.ts';
import { oncePerCertificate } from './lint-check.ts';
import type { LintCheck, LintedCertificate } from './lint-check.ts';
import { sameBytes } from '../x509/same-bytes.ts';
import { readName } from '../x509/certificate-reader.ts';
import type { NameAttribute } from '../x509/certificate-reader.ts';
import { DER_TAG } from '../x509/der-reader.ts';
import { isPrintableText, MAX_NAME_LENGTH } from '../profile/profile-faults.ts';
import { OID } from '../x509/oids.ts';

const SUBJECT_ORDER = [OID.organization, OID.serialNumber, OID.commonName];

const subjectOf = oncePerCertificate(({ fields: { subject } }) => readName(subject));

const attributesOf = oncePerCertificate((certificate): readonly NameAttribute[] =>
  subjectOf(certificate).flat(),
);

/** The unit's serial, as the subject has it; empty where it has none. */
export const unitSerialOf: (certificate: LintedCertificate) => string = oncePerCertificate((certificate) =>
  textOf(certificate, OID.serialNumber),
);

/** Issuer and subject. */
export const NAME_CHECKS: readonly LintCheck[] = [
  {
    code: 'issuer',
    rule: "the issuer's subject, byte for byte (some verifiers compare bytes)",
    holds: ({ fields }, { issuer }) =>
      issuer === undefined ? readName(fields.issuer).length > 0 : sameBytes(fields.issuer, issuer.subject),
  },
  {
    code: 'subject_attributes',
    rule: 'organizationName, serialNumber and commonName, each once, in this order',
    holds: (certificate) => {
      const rdns = subjectOf(certificate);
      const oids = rdns.map((rdn) => (rdn.length === 1 ? rdn[0]?.oid : undefined));
      return rdns.length === SUBJECT_ORDER.length && SUBJECT_ORDER.every((oid, index) => oids[index] === oid);
    },
  },
  {
    code: 'subject_string_types',
    rule: 'serialNumber as PrintableString, the others as UTF8String (X.520, RFC 5280 §4.1.2.4)',
    holds: (certificate) =>
      attributesOf(certificate).every(
        ({ oid, tag }) => tag === (oid === OID.serialNumber ? DER_TAG.printableString : DER_TAG.utf8String),
      ),
  },
  {
    code: 'subject_lengths',
    rule: `1 to ${MAX_NAME_LENGTH} characters in each attribute (X.520 upper bounds), in valid UTF-8`,
    holds: (certificate) => attributesOf(certificate).every(hasLawfulLength),
  },
  {
    code: 'subject_text',
    rule: 'no control characters, and no space at either end',
    holds: (certificate) =>
      attributesOf(certificate).every(({ value }) => isPrintableText(Buffer.from(value).toString('utf8'))),
  },
  {
    code: 'subject_serial',
    rule: "a serialNumber in the units' alphabet",
    holds: (certificate) => isSerial(unitSerialOf(certificate)),
  },
  {
    code: 'subject_common_name',
    rule: "a common name with the unit's serial in it",
    holds: (certificate) => textOf(certificate, OID.commonName).includes(unitSerialOf(certificate)),
  },
  {
    code: 'subject_expected',
    rule: 'the requested organization, serial and common name',
    holds: (certificate, { expected }) =>
      expected === undefined ||
      (textOf(certificate, OID.organization) === expected.organization &&
        unitSerialOf(certificate) === expected.serial &&
        textOf(certificate, OID.commonName) === expected.commonName),
  },
];

function textOf(certificate: LintedCertificate, oid: string): string {
  const attribute = attributesOf(certificate).find((candidate) => candidate.oid === oid);
  return attribute === undefined ? '' : Buffer.from(attribute.value).toString('utf8');
}

function hasLawfulLength({ value }: NameAttribute): boolean {
  const text = Buffer.from(value).toString('utf8');
  const length = Array.from(text).length;
  return length >= 1 && length <= MAX_NAME_LENGTH && sameBytes(Buffer.from(text, 'utf8'), value);
}
