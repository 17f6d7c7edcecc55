import { generateKeyPairSync } from 'node:crypto';
import { readName } from '../../../pki/x509/certificate-reader.ts';
import { DER_TAG } from '../../../pki/x509/der-reader.ts';
import { derElement, derSequence } from '../../../pki/x509/der-writer.ts';
import type { IssuingCa } from '../../../pki/ca/issuing-ca.ts';
import type { IssuerFacts } from '../../../pki/x509/issuer-facts.ts';
import { OID } from '../../../pki/x509/oids.ts';
import { PROFILE } from '../acme.ts';
import { hex, joined, partsOf } from './certificate-parts.ts';
import type { CertificateParts } from './certificate-parts.ts';
import { signTbs } from '../leaf.ts';

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

const CLIENT_AND_SERVER = '06082b06010505070302 06082b06010505070301';
const URI = named(0x86, `urn:dev:ops:32473-${DEFECT_SERIAL}`);

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

/** An extended key usage of these purposes, whole elements. */
function purposes(oids: string): string {
  return wrapped(0x30, `0603551d25${wrapped(0x04, wrapped(0x30, oids))}`);
}

/** The good extensions and a subject alternative name of these names, behind a critical field in hex. */
function altName(names: string, critical = ''): (parts: CertificateParts) => Partial<CertificateParts> {
  const whole = wrapped(0x30, `0603551d11${critical}${wrapped(0x04, wrapped(0x30, names))}`);
  return ({ extensions }) => ({ extensions: [...extensions, hex(whole)] });
}

interface HardwareChanges {
  typeId?: string;
  valueTag?: number;
  type?: string;
  numberTag?: number;
  number?: string;
  more?: string;
}

/** A hardware module name (RFC 4108 §5), right but for the changes. */
function hardware({
  typeId = '06082b06010505070804',
  valueTag = 0xa0,
  type = '06092b0601040181fd5901',
  numberTag = 0x04,
  number = DEFECT_SERIAL,
  more = '',
}: HardwareChanges = {}): string {
  const fields = wrapped(0x30, `${type}${named(numberTag, number)}${more}`);
  return wrapped(0xa0, typeId + wrapped(valueTag, fields));
}

function named(tag: number, text: string): string {
  return wrapped(tag, Buffer.from(text).toString('hex'));
}

function wrapped(tag: number, content: string): string {
  return Buffer.from(derElement(tag, hex(content))).toString('hex');
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
  [
    'subject_common_name',
    "another unit's CN",
    () => withSubject({ cn: rdn(CN, DER_TAG.utf8String, 'ACME-0043') }),
  ],
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
  ['extended_key_usage', 'any purpose too', extension(2, purposes('06082b06010505070302 0604551d2500'))],
  ['extended_key_usage', 'clientAuth twice', extension(2, purposes('06082b06010505070302'.repeat(2)))],
  ['extended_key_usage_expected', 'serverAuth too', extension(2, purposes(CLIENT_AND_SERVER))],
  [
    'extended_key_usage_nested',
    'serverAuth under a CA for clients',
    extension(2, purposes(CLIENT_AND_SERVER)),
  ],
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
  ['subject_alt_name', 'a critical alternative name', altName(URI, '0101ff')],
  ['subject_alt_name', 'an alternative name with an explicit FALSE', altName(URI, '010100')],
  ['subject_alt_name', 'an empty list of names', altName('')],
  ['subject_alt_name', 'a DNS name', altName(named(0x82, `${DEFECT_SERIAL}.acme.example`))],
  ['subject_alt_name', 'a URI twice', altName(URI + URI)],
  ['subject_alt_name', 'a hardware name before a URI', altName(hardware() + URI)],
  ['subject_alt_name', 'a URI with a line break', altName(named(0x86, `urn:x:${DEFECT_SERIAL}\n`))],
  [
    'subject_alt_name',
    'an other name of another type',
    altName(hardware({ typeId: '06082b06010505070805' })),
  ],
  ['subject_alt_name', 'a hardware name wrapped twice', altName(wrapped(0xa0, hardware()))],
  ['subject_alt_name', 'a hardware name without [0]', altName(hardware({ valueTag: 0x30 }))],
  ['subject_alt_name', 'a hardware number as UTF8String', altName(hardware({ numberTag: 0x0c }))],
  ['subject_alt_name', 'a hardware name with a field too much', altName(hardware({ more: '0500' }))],
  ['subject_alt_name_uri', 'no scheme', altName(named(0x86, `/devices/${DEFECT_SERIAL}`))],
  ['subject_alt_name_uri', 'no host', altName(named(0x86, `coaps:/acme.example/${DEFECT_SERIAL}`))],
  ['subject_alt_name_uri', 'a bare host', altName(named(0x86, `https://acme/${DEFECT_SERIAL}`))],
  ['subject_alt_name_uri', '129 characters', altName(named(0x86, `urn:${'x'.repeat(116)}${DEFECT_SERIAL}`))],
  ['subject_alt_name_hardware', 'a type of two arcs', altName(hardware({ type: '060153' }))],
  [
    'subject_alt_name_hardware',
    'a number of 65',
    altName(hardware({ number: `${'0'.repeat(56)}${DEFECT_SERIAL}` })),
  ],
  ['subject_alt_name_serial', "another unit's URI", altName(named(0x86, 'urn:dev:ops:32473-ACME-0043'))],
  ['subject_alt_name_serial', "another unit's hardware name", altName(hardware({ number: 'ACME-0043' }))],
  ['subject_alt_name_expected', 'a name that the profile has not', altName(URI)],
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
