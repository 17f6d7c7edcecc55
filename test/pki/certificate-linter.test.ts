import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readCertificate, readName } from '../../pki/certificate-reader.ts';
import { LINT_CODES, lintCertificate } from '../../pki/certificate-linter.ts';
import { DER_TAG, DerReader } from '../../pki/der-reader.ts';
import { derBitString, derElement, derSequence } from '../../pki/der-writer.ts';
import { ECDSA_WITH_SHA256, sha256Hex } from '../../pki/p256.ts';
import { assembleCertificate, PLACEHOLDER_SIGNATURE } from '../../pki/tbs-builder.ts';
import { OID } from '../../pki/x509-oids.ts';
import { fileIn, openssl, temporaryFolder } from './openssl.ts';
import { PROFILE } from './acme.ts';
import { freshTbs, makeCa, signTbs } from './leaf.ts';

const folder = temporaryFolder();
const ca = await makeCa(folder);
const SERIAL = 'ACME-0042';
const tbs = await freshTbs(ca, SERIAL);
const leaf = await signTbs(ca, tbs);
const { spki } = readCertificate(leaf);
const expected = {
  serial: SERIAL,
  organization: PROFILE.organization,
  commonName: SERIAL,
  spkiSha256: sha256Hex(spki),
};
const context = { issuer: ca.facts, expected, signed: true };

/** The parts of a to-be-signed certificate, each as a whole element, to be replaced and put together again. */
interface Parts {
  version: Buffer;
  serial: Buffer;
  algorithm: Buffer;
  issuer: Buffer;
  notBefore: Buffer;
  notAfter: Buffer;
  subject: Buffer;
  spki: Buffer;
  uniqueIds: Buffer;
  extensions: Buffer[];
  /** The extensions field as a whole, where a list of extensions cannot say it. */
  extensionsField?: Buffer;
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

function partsOf(bytes: Uint8Array): Parts {
  const fields = new DerReader(bytes).enter(DER_TAG.sequence);
  const next = (): Buffer => Buffer.from(fields.next().whole);
  const [version, serial, algorithm, issuer] = [next(), next(), next(), next()];
  const validity = fields.enter(DER_TAG.sequence);
  const [notBefore, notAfter] = [Buffer.from(validity.next().whole), Buffer.from(validity.next().whole)];
  const [subject, key] = [next(), next()];
  const list = fields.enter(0xa3).enter(DER_TAG.sequence);
  const extensions: Buffer[] = [];
  while (!list.atEnd) extensions.push(Buffer.from(list.next().whole));
  const uniqueIds = Buffer.alloc(0);
  return {
    version,
    serial,
    algorithm,
    issuer,
    notBefore,
    notAfter,
    subject,
    spki: key,
    uniqueIds,
    extensions,
  };
}

function joined(parts: Parts): Uint8Array {
  const { version, serial, algorithm, issuer, subject, uniqueIds } = parts;
  const validity = derSequence(parts.notBefore, parts.notAfter);
  const extensions = parts.extensionsField ?? derElement(0xa3, derSequence(...parts.extensions));
  return derSequence(
    version,
    serial,
    algorithm,
    issuer,
    validity,
    subject,
    parts.spki,
    uniqueIds,
    extensions,
  );
}

function changed(change: (parts: Parts) => Partial<Parts>): Promise<Uint8Array> {
  const parts = partsOf(tbs);
  return signTbs(ca, joined({ ...parts, ...change(parts) }));
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

function withSubject({ o, sn, cn }: NameChanges = {}): Partial<Parts> {
  const parts = [
    o ?? rdn(O, DER_TAG.utf8String, PROFILE.organization),
    sn ?? rdn(SN, DER_TAG.printableString, SERIAL),
    cn ?? rdn(CN, DER_TAG.utf8String, SERIAL),
  ];
  return { subject: Buffer.from(derSequence(...parts)) };
}

function time(tag: number, text: string): Buffer {
  return Buffer.from(derElement(tag, Buffer.from(text)));
}

/** The good extensions with one replaced, or removed where `whole` is undefined. */
function extension(index: number, whole?: string): (parts: Parts) => Partial<Parts> {
  return ({ extensions }) => ({
    extensions: extensions.flatMap((good, at) =>
      at === index ? (whole === undefined ? [] : [hex(whole)]) : [good],
    ),
  });
}

const offCurve = Buffer.from(spki);
offCurve[90]! ^= 1;
const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey.export({
  format: 'der',
  type: 'spki',
});

/** The code that must be found, what is wrong, the change. */
const DEFECTS: [string, string, (parts: Parts) => Partial<Parts>][] = [
  ['version', 'v1 spelt out', () => ({ version: hex('a003 020101') })],
  ['version', 'no version', () => ({ version: Buffer.alloc(0) })],
  ['serial_number', 'serial 0', () => ({ serial: hex('020100') })],
  ['serial_number', 'negative serial', () => ({ serial: hex(`0210 ff${'01'.repeat(15)}`) })],
  ['serial_number', '21 octets', () => ({ serial: hex(`0215 00${'ff'.repeat(20)}`) })],
  ['serial_number', '8 octets', () => ({ serial: hex('0208 4102030405060708') })],
  ['algorithm_inside', 'ecdsa-with-SHA384 inside', () => ({ algorithm: hex('300a 06082a8648ce3d040303') })],
  [
    'algorithm_inside',
    'NULL parameters inside',
    () => ({ algorithm: hex('300c 06082a8648ce3d040302 0500') }),
  ],
  ['unique_ids', 'a subject unique id', () => ({ uniqueIds: hex('8202 0001') })],
  ['issuer', 'another string type', () => ({ issuer: printableIssuer() })],
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
    () => withSubject({ sn: rdn(SN, DER_TAG.utf8String, SERIAL) }),
  ],
  [
    'subject_string_types',
    'CN as PrintableString',
    () => withSubject({ cn: rdn(CN, DER_TAG.printableString, SERIAL) }),
  ],
  ['subject_lengths', 'CN of 65', () => withSubject({ cn: rdn(CN, DER_TAG.utf8String, 'A'.repeat(65)) })],
  ['subject_lengths', 'O of 0', () => withSubject({ o: rdn(O, DER_TAG.utf8String, '') })],
  [
    'subject_lengths',
    'O in broken UTF-8',
    () => withSubject({ o: derElement(DER_TAG.set, derSequence(hex(O), hex('0c02c3c3'))) }),
  ],
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
  ['time_nested', "before the issuer's", () => ({ notBefore: time(DER_TAG.utcTime, '210101000000Z') })],
  ['key_form', 'P-384', () => ({ spki: p384 })],
  ['key_point', 'off the curve', () => ({ spki: offCurve })],
  ['key_expected', 'another key', () => ({ spki: Buffer.from(ca.facts.spki) })],
  ['key_not_issuer', "the issuer's key", () => ({ spki: Buffer.from(ca.facts.spki) })],
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
  ['basic_constraints', 'missing', extension(0)],
  ['key_usage', 'keyEncipherment', extension(1, '300e 0603551d0f 0101ff 0404 03020520')],
  ['key_usage', 'trailing zero bits', extension(1, '300e 0603551d0f 0101ff 0404 03020080')],
  ['key_usage', 'keyCertSign too', extension(1, '300e 0603551d0f 0101ff 0404 03020284')],
  ['key_usage', 'missing', extension(1)],
  ['extended_key_usage', 'serverAuth', extension(2, '3013 0603551d25 040c 300a06082b06010505070301')],
  ['extended_key_usage', 'critical', extension(2, '3016 0603551d25 0101ff 040c 300a06082b06010505070302')],
  ['extended_key_usage', 'missing', extension(2)],
  ['subject_key_identifier', 'wrong', extension(3, `301d 0603551d0e 0416 0414${'00'.repeat(20)}`)],
  ['subject_key_identifier', 'missing', extension(3)],
  ['authority_key_identifier', 'wrong', extension(4, `301f 0603551d23 0418 30168014${'00'.repeat(20)}`)],
  ['authority_key_identifier', 'missing', extension(4)],
  ['size', 'padded to 1.1 KB', ({ extensions }) => ({ extensions: [...extensions, bulk(600)] })],
];

function printableIssuer(): Buffer {
  const rdns = readName(ca.facts.subject).flatMap((attributes) =>
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

function codesOf(der: Uint8Array): string[] {
  return lintCertificate(der, context).map(({ code }) => code);
}

function opensslAccepts(der: Uint8Array): boolean {
  const path = fileIn(folder, 'candidate.der', der);
  try {
    openssl('verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', ca.chainPath, path);
    return true;
  } catch {
    return false;
  }
}

describe('lintCertificate', () => {
  it('finds nothing in what the signer makes, signed or not, known or not', () => {
    expect(lintCertificate(leaf, context)).toEqual([]);
    expect(lintCertificate(leaf)).toEqual([]);
    const unsigned = assembleCertificate(tbs, PLACEHOLDER_SIGNATURE);
    expect(lintCertificate(unsigned, { ...context, signed: false })).toEqual([]);
    expect(opensslAccepts(leaf)).toBe(true);
  });

  it('finds nothing in a limited time either', async () => {
    const limited = await signTbs(ca, await freshTbs(ca, SERIAL, { ...PROFILE, validity: { days: 7300 } }));
    expect(lintCertificate(limited, { issuer: ca.facts, signed: true })).toEqual([]);
    expect(opensslAccepts(limited)).toBe(true);
  });

  it('puts together again what it took apart, or the defects below would prove nothing', () => {
    expect(Buffer.from(joined(partsOf(tbs)))).toEqual(Buffer.from(tbs));
    expect(
      codesOf(assembleCertificate(joined({ ...partsOf(tbs), ...withSubject() }), PLACEHOLDER_SIGNATURE)),
    ).toEqual(['signature']);
  });

  it.each(DEFECTS)('finds %s: %s', async (code, _what, change) => {
    const bad = await changed(change);
    expect(codesOf(bad)).toContain(code);
    expect(codesOf(bad)).not.toContain('der');
  });

  it('is needed: openssl -x509_strict refuses some of these defects and accepts others', async () => {
    const accepted: string[] = [];
    for (const [, what, change] of DEFECTS) if (opensslAccepts(await changed(change))) accepted.push(what);
    expect(accepted).not.toContain('serverAuth');
    expect(accepted).not.toContain('off the curve');
    expect(accepted).toContain('serial 0');
    expect(accepted).toContain('another serial');
  });

  it('finds a wrong outer algorithm, a malformed signature, another signer', () => {
    const { signature } = readCertificate(leaf);
    const bits = derElement(DER_TAG.bitString, signature);
    const otherAlgorithm = derSequence(tbs, hex('300a 06082a8648ce3d040303'), bits);
    expect(codesOf(otherAlgorithm)).toEqual(expect.arrayContaining(['algorithm', 'algorithm_inside']));
    const zero = derSequence(tbs, ECDSA_WITH_SHA256, derBitString(hex('3006 020100 020101')));
    expect(codesOf(zero)).toEqual(expect.arrayContaining(['signature_form', 'signature']));
    const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
    const tooBig = derSequence(tbs, ECDSA_WITH_SHA256, derBitString(hex(`3026 022100${order} 020101`)));
    expect(codesOf(tooBig)).toContain('signature_form');
    expect(codesOf(assembleCertificate(tbs, PLACEHOLDER_SIGNATURE))).toEqual(['signature']);
  });

  it('finds der in every truncation and in bytes behind the certificate', () => {
    for (let length = 0; length < leaf.length; length += 1) {
      expect(codesOf(leaf.subarray(0, length))).toEqual(['der']);
    }
    expect(codesOf(Buffer.concat([leaf, Buffer.of(0)]))).toEqual(['der']);
  });

  it('finds every single-bit change of a certificate', () => {
    for (let bit = 0; bit < leaf.length * 8; bit += 7) {
      const flipped = Buffer.from(leaf);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(codesOf(flipped)).not.toEqual([]);
    }
  });

  it('has a defect here for every code but those of the outer envelope', () => {
    const elsewhere = ['der', 'algorithm', 'signature_form', 'signature'];
    const covered = new Set([...DEFECTS.map(([code]) => code), ...elsewhere]);
    expect(LINT_CODES.filter((code) => !covered.has(code))).toEqual([]);
    expect(new Set(LINT_CODES).size).toBe(LINT_CODES.length);
    expect(LINT_CODES.length).toBeGreaterThanOrEqual(25);
  });
});
