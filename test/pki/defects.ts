import { generateKeyPairSync } from 'node:crypto';
import { readName } from '../../pki/certificate-reader.ts';
import { DER_TAG } from '../../pki/der-reader.ts';
import { derElement, derSequence } from '../../pki/der-writer.ts';
import type { IssuerFacts, IssuingCa } from '../../pki/issuing-ca.ts';
import { OID } from '../../pki/x509-oids.ts';
import { PROFILE } from './acme.ts';
import { hex, joined, partsOf, type CertificateParts } from './certificate-parts.ts';
import { signTbs } from './leaf.ts';

/** The serial of the good certificate that the defects are made of. */
export const DEFECT_SERIAL = 'ACME-0042';

/** A certificate with one defect, truly signed. */
export function withDefect(ca: IssuingCa, tbs: Uint8Array, change: Change): Promise<Uint8Array> {
  const parts = partsOf(tbs);
  return signTbs(ca, joined({ ...parts, ...change(parts, ca.facts) }));
}

function rdn(oidHex: string, tag: number, text: string): Uint8Array {
  return derElement(DER_TAG.set, derSequence(hex(oidHex), derElement(tag, Buffer.from(text))));
}

const O = '060355040a';
const SN = '0603550405';
const CN = '0603550403';

interface NameChanges {
  o?: Uint8Array;
  sn?: Uint8Array;
  cn?: Uint8Array;
}

/** The good subject with some of its attributes replaced. */
export function withSubject({ o, sn, cn }: NameChanges = {}): Partial<CertificateParts> {
  const parts = [
    o ?? rdn(O, DER_TAG.utf8String, PROFILE.organization),
    sn ?? rdn(SN, DER_TAG.printableString, DEFECT_SERIAL),
    cn ?? rdn(CN, DER_TAG.utf8String, DEFECT_SERIAL),
  ];
  return { subject: Buffer.from(derSequence(...parts)) };
}

function time(tag: number, text: string): Buffer {
  return Buffer.from(derElement(tag, Buffer.from(text)));
}

/** The good extensions with one replaced, or removed where `whole` is undefined. */
function extension(index: number, whole?: string): (parts: CertificateParts) => Partial<CertificateParts> {
  return ({ extensions }) => ({
    extensions: extensions.flatMap((good, at) =>
      at === index ? (whole === undefined ? [] : [hex(whole)]) : [good],
    ),
  });
}

function offCurve({ spki }: CertificateParts): Buffer {
  const changed = Buffer.from(spki);
  changed[90]! ^= 1;
  return changed;
}

const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey.export({
  format: 'der',
  type: 'spki',
});

type Change = (parts: CertificateParts, ca: IssuerFacts) => Partial<CertificateParts>;

/** The code that the linter must find, what is wrong, the change that makes it so. */
export const DEFECTS: readonly [string, string, Change][] = [
  ['version', 'v1 spelt out', () => ({ version: hex('a003 020101') })],
  ['version', 'no version', () => ({ version: Buffer.alloc(0) })],
  ['serial_number', 'serial 0', () => ({ serial: hex('020100') })],
  ['serial_number', 'negative serial', () => ({ serial: hex(`0210 ff${'01'.repeat(15)}`) })],
  ['serial_number', '21 octets', () => ({ serial: hex(`0215 00${'ff'.repeat(20)}`) })],
  ['serial_number_expected', 'another serial number', () => ({ serial: hex(`0210 ${'4e'.repeat(16)}`) })],
  ['serial_number', '8 octets', () => ({ serial: hex('0208 4102030405060708') })],
  ['algorithm_inside', 'ecdsa-with-SHA384 inside', () => ({ algorithm: hex('300a 06082a8648ce3d040303') })],
  [
    'algorithm_inside',
    'NULL parameters inside',
    () => ({ algorithm: hex('300c 06082a8648ce3d040302 0500') }),
  ],
  ['unique_ids', 'a subject unique id', () => ({ uniqueIds: hex('8202 0001') })],
  ['issuer', 'another string type', (_parts, ca) => ({ issuer: printableIssuer(ca) })],
  ['issuer', 'no issuer', () => ({ issuer: hex('3000') })],
  ['subject_attributes', 'empty subject', () => ({ subject: hex('3000') })],
  ['subject_attributes', 'CN twice', () => withSubject({ o: rdn(CN, DER_TAG.utf8String, 'x') })],
  [
    'subject_attributes',
    'two attributes in one RDN',
    () => {
      const pair = [hex(CN), hex(O)].map((oid) =>
        derSequence(oid, derElement(DER_TAG.utf8String, Buffer.from('x'))),
      );
      return withSubject({ cn: derElement(DER_TAG.set, ...pair) });
    },
  ],
  [
    'subject_string_types',
    'serialNumber as UTF8String',
    () => withSubject({ sn: rdn(SN, DER_TAG.utf8String, DEFECT_SERIAL) }),
  ],
  [
    'subject_string_types',
    'CN as PrintableString',
    () => withSubject({ cn: rdn(CN, DER_TAG.printableString, DEFECT_SERIAL) }),
  ],
  ['subject_lengths', 'CN of 65', () => withSubject({ cn: rdn(CN, DER_TAG.utf8String, 'A'.repeat(65)) })],
  ['subject_lengths', 'O of 0', () => withSubject({ o: rdn(O, DER_TAG.utf8String, '') })],
  [
    'subject_lengths',
    'O in broken UTF-8',
    () => withSubject({ o: derElement(DER_TAG.set, derSequence(hex(O), hex('0c02c3c3'))) }),
  ],
  ['subject_text', 'O with a line break', () => withSubject({ o: rdn(O, DER_TAG.utf8String, 'a\nb') })],
  ['subject_text', 'O with a space behind', () => withSubject({ o: rdn(O, DER_TAG.utf8String, 'acme ') })],
  [
    'subject_serial',
    'serial with a space',
    () => withSubject({ sn: rdn(SN, DER_TAG.printableString, 'ACME 1') }),
  ],
  [
    'subject_expected',
    'another serial',
    () => withSubject({ sn: rdn(SN, DER_TAG.printableString, 'ACME-0043') }),
  ],
  ['subject_expected', 'another CN', () => withSubject({ cn: rdn(CN, DER_TAG.utf8String, 'ACME-0043') })],
  ['subject_expected', 'another O', () => withSubject({ o: rdn(O, DER_TAG.utf8String, 'other') })],
  ['time_form', 'no seconds', () => ({ notBefore: time(DER_TAG.utcTime, '2601010000Z') })],
  ['time_form', 'an offset', () => ({ notBefore: time(DER_TAG.utcTime, '260101000000+0000') })],
  ['time_form', '30 February', () => ({ notBefore: time(DER_TAG.utcTime, '260230000000Z') })],
  ['time_form', 'a fraction', () => ({ notAfter: time(DER_TAG.generalizedTime, '20990101000000.5Z') })],
  [
    'time_type',
    'GeneralizedTime for 2026',
    () => ({ notBefore: time(DER_TAG.generalizedTime, '20260101000000Z') }),
  ],
  ['time_plausible', '9999 as UTCTime', () => ({ notAfter: time(DER_TAG.utcTime, '991231235959Z') })],
  ['time_order', 'end before start', () => ({ notAfter: time(DER_TAG.utcTime, '200101000000Z') })],
  ['time_current', 'a start to come', () => ({ notBefore: time(DER_TAG.utcTime, '490101000000Z') })],
  ['time_expected', 'another end', () => ({ notAfter: time(DER_TAG.utcTime, '400101000000Z') })],
  ['time_nested', "before the issuer's", () => ({ notBefore: time(DER_TAG.utcTime, '210101000000Z') })],
  ['key_form', 'P-384', () => ({ spki: p384 })],
  ['key_point', 'off the curve', (parts) => ({ spki: offCurve(parts) })],
  ['key_expected', 'another key', (_parts, ca) => ({ spki: Buffer.from(ca.spki) })],
  ['key_not_issuer', "the issuer's key", (_parts, ca) => ({ spki: Buffer.from(ca.spki) })],
  ['extensions_present', 'empty list', () => ({ extensions: [] })],
  ['extensions_present', 'none', () => ({ extensionsField: Buffer.alloc(0) })],
  [
    'extension_twice',
    'key usage twice',
    ({ extensions }) => ({ extensions: [...extensions, extensions[1]!] }),
  ],
  [
    'extension_unknown',
    'a name constraint',
    ({ extensions }) => ({ extensions: [...extensions, hex('3009 0603551d1e 0402 3000')] }),
  ],
  [
    'extension_critical_form',
    'explicit FALSE',
    extension(2, '3016 0603551d25 010100 040c 300a06082b06010505070302'),
  ],
  ['basic_constraints', 'explicit FALSE', extension(0, '300f 0603551d13 0101ff 0405 3003010100')],
  ['basic_constraints', 'a CA', extension(0, '300f 0603551d13 0101ff 0405 30030101ff')],
  ['basic_constraints', 'not critical', extension(0, '3009 0603551d13 0402 3000')],
  ['basic_constraints', 'no basic constraints', extension(0)],
  ['key_usage', 'keyEncipherment', extension(1, '300e 0603551d0f 0101ff 0404 03020520')],
  ['key_usage', 'trailing zero bits', extension(1, '300e 0603551d0f 0101ff 0404 03020080')],
  ['key_usage', 'keyCertSign too', extension(1, '300e 0603551d0f 0101ff 0404 03020284')],
  ['key_usage', 'no key usage', extension(1)],
  ['extended_key_usage', 'serverAuth', extension(2, '3013 0603551d25 040c 300a06082b06010505070301')],
  ['extended_key_usage', 'critical', extension(2, '3016 0603551d25 0101ff 040c 300a06082b06010505070302')],
  ['extended_key_usage', 'no extended key usage', extension(2)],
  [
    'subject_key_identifier',
    'wrong subject key identifier',
    extension(3, `301d 0603551d0e 0416 0414${'00'.repeat(20)}`),
  ],
  ['subject_key_identifier', 'no subject key identifier', extension(3)],
  [
    'authority_key_identifier',
    'wrong authority key identifier',
    extension(4, `301f 0603551d23 0418 30168014${'00'.repeat(20)}`),
  ],
  ['authority_key_identifier', 'no authority key identifier', extension(4)],
  ['size', 'padded to 1.1 KB', ({ extensions }) => ({ extensions: [...extensions, bulk(600)] })],
];

function printableIssuer(ca: IssuerFacts): Buffer {
  const rdns = readName(ca.subject).flatMap((attributes) =>
    attributes.map(({ oid, value }) =>
      rdn(oid === OID.organization ? O : CN, DER_TAG.printableString, Buffer.from(value).toString()),
    ),
  );
  return Buffer.from(derSequence(...rdns));
}

function bulk(length: number): Buffer {
  const value = derElement(DER_TAG.octetString, new Uint8Array(length));
  return Buffer.from(derSequence(hex('0603551d7f'), derElement(DER_TAG.octetString, value)));
}
