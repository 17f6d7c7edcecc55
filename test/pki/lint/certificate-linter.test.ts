import { describe, expect, it } from 'vitest';
import { readCertificate } from '../../../pki/x509/certificate-reader.ts';
import { readTime } from '../../../pki/x509/time.ts';
import { expectedOf } from '../../../pki/profile/certificate-profile.ts';
import type { CertificateProfile } from '../../../pki/profile/certificate-profile.ts';
import { ALT_NAME_CHECKS } from '../../../pki/lint/alt-name.ts';
import { ENVELOPE_CHECKS } from '../../../pki/lint/envelope.ts';
import { EXTENSION_CHECKS } from '../../../pki/lint/extensions.ts';
import { KEY_CHECKS } from '../../../pki/lint/key.ts';
import { NAME_CHECKS } from '../../../pki/lint/names.ts';
import { VALIDITY_CHECKS } from '../../../pki/lint/validity.ts';
import { lintCertificate } from '../../../pki/lint/certificate-linter.ts';
import { DER_TAG } from '../../../pki/x509/der-reader.ts';
import { derBitString, derElement, derSequence } from '../../../pki/x509/der-writer.ts';
import { ECDSA_WITH_SHA256, sha256Hex } from '../../../pki/x509/p256.ts';
import { assembleCertificate, PLACEHOLDER_SIGNATURE } from '../../../pki/x509/tbs-builder.ts';
import { fileIn, openssl } from '../openssl.ts';
import { PROFILE } from '../acme.ts';
import { hex, joined, partsOf } from './certificate-parts.ts';
import { DEFECT_SERIAL, DEFECTS, withDefect, withSubject } from './defects.ts';
import { freshTbs, makeCa, signTbs } from '../leaf.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const ca = await makeCa(folder);
const SERIAL = DEFECT_SERIAL;
const tbs = await freshTbs(ca, SERIAL);
const leaf = await signTbs(ca, tbs);
const { spki, serial, notBefore, notAfter } = readCertificate(leaf);
const expected = expectedOf(PROFILE, {
  certificateSerial: Buffer.from(serial).toString('hex'),
  notBefore: readTime(notBefore)!.toISOString(),
  notAfter: readTime(notAfter)!.toISOString(),
  serial: SERIAL,
  spkiSha256: sha256Hex(spki),
});
const context = { issuer: ca.facts, expected, signed: true, now: new Date() };

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

  it.each([
    { uri: 'urn:dev:ops:32473-{serial}' },
    { hardwareModuleName: { hwType: '1.3.6.1.4.1.32473.1', hwSerialNum: 'SN/{serial}' } },
    {
      uri: 'https://acme.example/{serial}',
      hardwareModuleName: { hwType: '2.999.2147483647', hwSerialNum: '{serial}' },
    },
  ])('finds nothing in a certificate with the names %j, and whatever is not so', async (subjectAltName) => {
    const profile = { ...PROFILE, subjectAltName };
    const named = await signTbs(ca, await freshTbs(ca, SERIAL, profile));
    expect(lintCertificate(named)).toEqual([]);
    const fields = readCertificate(named);
    const decided = {
      ...expected,
      certificateSerial: Buffer.from(fields.serial).toString('hex'),
      spkiSha256: sha256Hex(fields.spki),
    };
    const lint = (wanted: CertificateProfile): string[] =>
      lintCertificate(named, { ...context, expected: expectedOf(wanted, decided) }).map(({ code }) => code);
    expect(lint(profile)).toEqual([]);
    expect(lint(PROFILE)).toEqual(['subject_alt_name_expected']);
    for (const change of [
      { uri: 'urn:x:{serial}' },
      { hardwareModuleName: { hwType: '1.2.3', hwSerialNum: '{serial}' } },
    ])
      expect(lint({ ...profile, subjectAltName: { ...subjectAltName, ...change } })).toEqual([
        'subject_alt_name_expected',
      ]);
    expect(lint({ ...profile, extendedKeyUsage: ['clientAuth', 'serverAuth'] })).toEqual([
      'extended_key_usage_expected',
    ]);
    expect(opensslAccepts(named)).toBe(true);
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
    const bad = await withDefect(ca, tbs, change);
    expect(codesOf(bad)).toContain(code);
    expect(codesOf(bad)).not.toContain('der');
  });

  it('is needed: openssl -x509_strict refuses some of these defects and accepts others', async () => {
    const accepted: string[] = [];
    for (const [, what, change] of DEFECTS)
      if (opensslAccepts(await withDefect(ca, tbs, change))) accepted.push(what);
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
    const checks = [
      ...ENVELOPE_CHECKS,
      ...NAME_CHECKS,
      ...VALIDITY_CHECKS,
      ...KEY_CHECKS,
      ...EXTENSION_CHECKS,
      ...ALT_NAME_CHECKS,
    ];
    const codes = ['der', ...checks.map(({ code }) => code)];
    expect(codes.filter((code) => !covered.has(code))).toEqual([]);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.length).toBeGreaterThanOrEqual(25);
  });
});
