import { X509Certificate } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lintCertificate } from '../../../pki/lint/certificate-linter.ts';
import { readCertificate, readName } from '../../../pki/x509/certificate-reader.ts';
import { namesOf, purposesOf } from '../../../pki/profile/certificate-profile.ts';
import {
  buildDeviceTbs,
  notBeforeOf,
  randomCertificateSerial,
} from '../../../pki/certificate/device-certificate.ts';
import { DeviceTbsTemplate } from '../../../pki/certificate/device-tbs-template.ts';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import { gateCsr } from '../../../pki/signing/csr-gate.ts';
import { assembleCertificate } from '../../../pki/x509/tbs-builder.ts';
import { Name, X509CertificateGenerator } from '../../../pki/x509/library.ts';
import { OID } from '../../../pki/x509/oids.ts';
import { profileFaults } from '../../../pki/profile/profile-faults.ts';
import type { KeyPurpose } from '../../../provisioning/product.ts';
import { SERIAL_PATTERN } from '../../../provisioning/serial-number.ts';
import { PROFILE } from '../acme.ts';
import { freshTbs, makeCa, signTbs, withoutPurposes } from '../leaf.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ca = await makeCa(temporaryFolder());
/** Not limited to TLS clients. */
const openCa = await makeCa(temporaryFolder(), withoutPurposes);

const serials = fc.stringMatching(SERIAL_PATTERN);
const shortSerials = serials.filter((serial) => serial.length <= 30);
const organizations = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((text) => !/\p{C}|\p{Zl}|\p{Zp}|^ | $/u.test(text) && Array.from(text).length <= 64);

function textsOf(certificate: Uint8Array): string[] {
  return readName(readCertificate(certificate).subject)
    .flat()
    .map(({ value }) => Buffer.from(value).toString());
}

const days = fc.oneof(
  fc.constant('forever' as const),
  fc.record({ days: fc.integer({ min: 1, max: 36_500 }) }),
);
const profiles = fc.record(
  {
    organization: organizations,
    commonName: fc.constantFrom('{serial}', 'urn:{serial}', 'x.{serial}_y'),
    validity: days,
    extendedKeyUsage: fc.constantFrom<KeyPurpose[]>(
      ['clientAuth'],
      ['clientAuth', 'serverAuth'],
      ['serverAuth', 'clientAuth'],
    ),
    subjectAltName: fc
      .record(
        {
          uri: fc
            .stringMatching(/^[a-z]{1,9}:[A-Za-z0-9._~/-]{1,40}\{serial\}(?:\?[a-z=&]{0,20})?$/)
            .filter((uri) => !uri.includes(':/')),
          hardwareModuleName: fc.record({
            hwType: fc
              .array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 3 })
              .map((arcs) => ['2.999', ...arcs].join('.')),
            hwSerialNum: fc.stringMatching(/^[!-z|~]{0,20}\{serial\}[!-z|~]{0,10}$/),
          }),
        },
        { requiredKeys: [] },
      )
      .filter((names) => Object.keys(names).length > 0),
  },
  { requiredKeys: ['organization', 'commonName', 'validity'] },
);
const moments = fc.date({ min: new Date('2020-01-01'), max: new Date('2080-01-01'), noInvalidDate: true });

describe('DeviceTbsTemplate', () => {
  it('makes what the library makes, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(shortSerials, profiles, moments, async (serial, profile, moment) => {
        expect(profileFaults(profile)).toEqual([]);
        const terms = {
          serial,
          spki: (await gateCsr(generateDeviceKey().createCsr({ serial }))).spki,
          certificateSerial: randomCertificateSerial(),
          notBefore: new Date(Math.floor(moment.getTime() / 1000) * 1000),
        };
        const filled = (await DeviceTbsTemplate.make(profile, ca.facts)).tbsOf(terms);
        expect(Buffer.from(filled)).toEqual(Buffer.from(await buildDeviceTbs(terms, profile, ca.facts)));
      }),
      { numRuns: 150 },
    );
  });
});

describe('device certificates', () => {
  it('say what they were told and lint clean, for any serial, organization and time', async () => {
    await fc.assert(
      fc.asyncProperty(shortSerials, profiles, async (serial, profile) => {
        const certificate = await signTbs(openCa, await freshTbs(openCa, serial, profile));
        const { commonName, subjectAltName } = namesOf(profile, serial);
        expect(textsOf(certificate)).toEqual([profile.organization, serial, commonName]);
        expect(lintCertificate(certificate, { issuer: openCa.facts, signed: true })).toEqual([]);
        const parsed = new X509Certificate(certificate);
        expect(parsed.verify(new X509Certificate(openCa.certificate).publicKey)).toBe(true);
        expect(parsed.keyUsage).toEqual(purposesOf(profile).map((purpose) => OID[purpose]));
        const uris = parsed.subjectAltName?.match(/(?<=URI:)[^,]+/g) ?? [];
        expect(uris).toEqual(subjectAltName?.uri === undefined ? [] : [subjectAltName.uri]);
      }),
      { numRuns: 60 },
    );
  });

  it.each(['#0c0141', 'a"b"c\\x', 'A1, O=Admin', 'A1+O=x', ' = ', '<b>', '${x}'])(
    'take %j in an organization as it stands: the object form of names has no syntax',
    async (organization) => {
      const certificate = await signTbs(ca, await freshTbs(ca, 'ACME-1', { ...PROFILE, organization }));
      expect(textsOf(certificate)).toEqual([organization, 'ACME-1', 'ACME-1']);
    },
  );

  it("carry the issuer's name byte for byte", async () => {
    const certificate = await signTbs(ca, await freshTbs(ca, 'ACME-1'));
    expect(Buffer.from(readCertificate(certificate).issuer)).toEqual(
      Buffer.from(readCertificate(ca.certificate).subject),
    );
  });

  it('have serial numbers of 16 octets with the top bits 01, all different', () => {
    const numbers = Array.from({ length: 2000 }, randomCertificateSerial);
    for (const number of numbers) expect([number.length, number[0]! >> 6]).toEqual([16, 1]);
    expect(new Set(numbers.map((number) => Buffer.from(number).toString('hex'))).size).toBe(2000);
  });

  it('begin an hour early, to the minute, but not before their issuer', () => {
    const start = notBeforeOf(new Date('2030-01-01T10:30:59.999Z'), ca.facts);
    expect(start.toISOString()).toBe('2030-01-01T09:30:00.000Z');
    expect(notBeforeOf(new Date('2000-01-01'), ca.facts)).toEqual(ca.facts.notBefore);
  });

  it('have the same signed part when built again, and signatures of every length verify', async () => {
    const { spki } = await gateCsr(generateDeviceKey().createCsr({ serial: 'ACME-1' }));
    const terms = {
      serial: 'ACME-1',
      spki,
      certificateSerial: randomCertificateSerial(),
      notBefore: notBeforeOf(new Date(), ca.facts),
    };
    const [tbs, again] = [
      await buildDeviceTbs(terms, PROFILE, ca.facts),
      await buildDeviceTbs(terms, PROFILE, ca.facts),
    ];
    expect(Buffer.from(again)).toEqual(Buffer.from(tbs));
    const lengths = new Set<number>();
    for (let count = 0; count < 400; count += 1) {
      const certificate = await signTbs(ca, tbs);
      lengths.add(certificate.length);
      expect(lintCertificate(certificate, { issuer: ca.facts, signed: true })).toEqual([]);
    }
    expect(lengths.size).toBeGreaterThan(2);
  });

  it('are put together as the library itself would', async () => {
    const tbs = await freshTbs(ca, 'ACME-1');
    const fields = readCertificate(await signTbs(ca, tbs));
    const signature = await ca.signer.sign(tbs, { requestId: 'test' });
    const ours = assembleCertificate(tbs, signature);
    const library = await X509CertificateGenerator.create({
      serialNumber: Buffer.from(fields.serial).toString('hex'),
      subject: new Name(fields.subject),
      issuer: new Name(fields.issuer),
      publicKey: fields.spki,
      notBefore: new Date(new X509Certificate(ours).validFrom),
      notAfter: new Date(new X509Certificate(ours).validTo),
      extensions: new (await import('@peculiar/x509')).X509Certificate(ours).extensions,
      signature,
      signingAlgorithm: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
    });
    expect(Buffer.from(library.rawData)).toEqual(Buffer.from(ours));
  });
});
