import { describe, expect, it } from 'vitest';
import { expectedOf } from '../../../pki/profile/certificate-profile.ts';
import { lintCertificate } from '../../../pki/lint/certificate-linter.ts';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import { gateCsr } from '../../../pki/signing/csr-gate.ts';
import { keyIdentifierOf, sha256Hex } from '../../../pki/x509/p256.ts';
import { assembleCertificate, buildTbs, PLACEHOLDER_SIGNATURE } from '../../../pki/x509/tbs-builder.ts';
import type { CertificateContents } from '../../../pki/x509/tbs-builder.ts';
import { OID } from '../../../pki/x509/oids.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
} from '../../../pki/x509/library.ts';
import { PROFILE } from '../acme.ts';
import { makeCa } from '../leaf.ts';
import { fileIn, openssl } from '../openssl.ts';
import { makeLine, release, requestFor } from '../signing/signing-line.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const ca = await makeCa(folder);
const { spki } = await gateCsr(generateDeviceKey().createCsr({ serial: 'ACME-1' }));

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function attribute(
  oid: string,
  kind: 'utf8String' | 'printableString',
  text: string,
): CertificateContents['subject'][0] {
  return { [oid]: [kind === 'utf8String' ? { utf8String: text } : { printableString: text }] };
}

const GOOD: CertificateContents = {
  certificateSerial: Buffer.from('4f'.repeat(16), 'hex'),
  subject: [
    attribute(OID.organization, 'utf8String', PROFILE.organization),
    attribute(OID.serialNumber, 'printableString', 'ACME-1'),
    attribute(OID.commonName, 'utf8String', 'ACME-1'),
  ],
  issuer: ca.facts.subject,
  spki,
  notBefore: ca.facts.notBefore,
  notAfter: ca.facts.notAfter,
  extensions: [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([OID.clientAuth], false),
    new SubjectKeyIdentifierExtension(hex(keyIdentifierOf(spki)), false),
    new AuthorityKeyIdentifierExtension(hex(ca.facts.keyIdentifier), false),
  ],
};

const EXPECTED = expectedOf(PROFILE, {
  serial: 'ACME-1',
  spkiSha256: sha256Hex(spki),
  certificateSerial: hex(GOOD.certificateSerial),
  notBefore: GOOD.notBefore.toISOString(),
  notAfter: GOOD.notAfter.toISOString(),
});

/** What the linter says of a certificate that the library was told to build. */
async function findings(changes: Partial<CertificateContents>): Promise<string[]> {
  const certificate = assembleCertificate(await buildTbs({ ...GOOD, ...changes }), PLACEHOLDER_SIGNATURE);
  const context = { issuer: ca.facts, expected: EXPECTED };
  return lintCertificate(certificate, context).map(({ code }) => code);
}

const offCurve = Buffer.from(spki);
offCurve[90]! ^= 1;

describe('what the library builds without complaint, the linter refuses', () => {
  it('and the good contents it passes', async () => {
    expect(await findings({})).toEqual([]);
  });

  const traps: [string, Partial<CertificateContents>, string][] = [
    [
      'a common name of 100 characters',
      { subject: [...GOOD.subject.slice(0, 2), attribute(OID.commonName, 'utf8String', 'A'.repeat(100))] },
      'subject_lengths',
    ],
    ['an empty subject', { subject: [] }, 'subject_attributes'],
    ['serial number 00, made random', { certificateSerial: Buffer.of(0) }, 'serial_number_expected'],
    ['an empty serial number, made random', { certificateSerial: Buffer.alloc(0) }, 'serial_number_expected'],
    ['20 octets of ff', { certificateSerial: Buffer.alloc(20, 0xff) }, 'serial_number'],
    ['no extensions', { extensions: [] }, 'extensions_present'],
    ['an extension twice', { extensions: [...GOOD.extensions, GOOD.extensions[1]!] }, 'extension_twice'],
    ['an end that is no date', { notAfter: new Date('nonsense') }, 'time_form'],
    ['an end before the start', { notAfter: new Date('2021-01-01') }, 'time_order'],
    ['a start in 1949, made 2049', { notBefore: new Date('1949-01-01') }, 'time_expected'],
    ['a point off the curve', { spki: offCurve }, 'key_point'],
  ];

  it.each(traps)('%s', async (_name, changes, code) => {
    expect(await findings(changes)).toContain(code);
  });
});

describe('of a request nothing is taken but its key', () => {
  it('though it asks to be a CA for another name', async () => {
    const { issuer, ledger } = makeLine(folder, ca);
    await release({ ledger }, ['ACME-1']);
    const key = fileIn(
      folder,
      'key.pem',
      openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'),
    );
    const greedy = openssl(
      'req',
      '-new',
      '-key',
      key,
      '-outform',
      'DER',
      '-subj',
      '/O=Others/CN=admin',
      '-addext',
      'basicConstraints=critical,CA:TRUE',
      '-addext',
      'subjectAltName=DNS:admin',
    );
    const { certificate } = await issuer.issue(requestFor('ACME-1', { csr: greedy }));
    const path = fileIn(folder, 'greedy.der', certificate);
    const text = openssl('x509', '-inform', 'DER', '-in', path, '-noout', '-text').toString();
    expect(text).toContain('CA:FALSE');
    expect(text).toContain(`Subject: O = ${PROFILE.organization}, serialNumber = ACME-1, CN = ACME-1`);
    expect(text).not.toMatch(/admin|Others|Alternative/);
  });
});
