import { describe, expect, it } from 'vitest';
import type { CertificateProfile } from '../../../pki/profile/certificate-profile.ts';
import { DER_TAG } from '../../../pki/x509/der-reader.ts';
import { derElement } from '../../../pki/x509/der-writer.ts';
import type { IssuingCa } from '../../../pki/ca/issuing-ca.ts';
import { trySample } from '../../../pki/signing/profile-sample.ts';
import { PROFILE } from '../acme.ts';
import { makeCa, withoutPurposes } from '../leaf.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const ca = await makeCa(folder);
const openCa = await makeCa(folder, withoutPurposes);
const endingCa = await makeCa(folder, () => ({
  notAfter: Buffer.from(derElement(DER_TAG.utcTime, Buffer.from('491231235959Z'))),
}));

function tried(of: IssuingCa, change: Partial<CertificateProfile> = {}, now = new Date()): Promise<void> {
  return trySample('sensor', { profile: { ...PROFILE, ...change }, issuer: of.facts, now });
}

const refusal = (text: string): unknown =>
  expect.objectContaining({ code: 'PROFILE_INVALID', message: expect.stringContaining(text) });

describe('a sample of a profile', () => {
  it.each([
    {},
    { validity: { days: 1 } },
    { organization: 'O'.repeat(64), commonName: `${'a'.repeat(63)}{serial}` },
    {
      subjectAltName: {
        uri: `urn:${'x'.repeat(59)}:{serial}`,
        hardwareModuleName: { hwType: '2.999.2147483647', hwSerialNum: '{serial}' },
      },
    },
  ])('is lint clean for %j', async (change) => {
    await expect(tried(ca, change)).resolves.toBeUndefined();
  });

  it('ends with its CA at the latest', async () => {
    const now = new Date('2049-12-01T01:00:00.000Z');
    await expect(tried(endingCa, { validity: { days: 30 } }, now)).resolves.toBeUndefined();
    await expect(tried(endingCa, { validity: { days: 31 } }, now)).rejects.toThrow(
      refusal('end after 31 days, but the CA expires on 2049-12-31: set validity to {"days": 30} or less'),
    );
    await expect(tried(endingCa, {}, now)).rejects.toThrow(
      refusal(
        'The CA cannot certify product sensor with its configuration: its certificates would never end',
      ),
    );
    const lastDay = new Date('2049-12-31T12:00:00.000Z');
    await expect(tried(endingCa, {}, lastDay)).rejects.toThrow(refusal('create a new CA'));
  });

  it('certifies servers where its CA may', async () => {
    const change = { extendedKeyUsage: ['clientAuth', 'serverAuth'] } as const;
    await expect(tried(openCa, change)).resolves.toBeUndefined();
    await expect(tried(ca, change)).rejects.toThrow(refusal('take serverAuth out of extendedKeyUsage'));
  });

  it('is small enough with the longest serial too', async () => {
    const change = {
      organization: '\u{1F527}'.repeat(64),
      subjectAltName: {
        uri: `urn:${'x'.repeat(59)}:{serial}`,
        hardwareModuleName: { hwType: '2.999.1', hwSerialNum: '{serial}' },
      },
    };
    await expect(tried(ca, change)).rejects.toThrow(refusal('shorten organization'));
  });

  it('says by its code what nobody thought of', async () => {
    await expect(tried(ca, { organization: 'a\nb' })).rejects.toThrow(refusal('subject_text (expected:'));
  });
});
