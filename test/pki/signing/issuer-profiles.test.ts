import { expect, it } from 'vitest';
import type { CertificateProfile } from '../../../pki/profile/certificate-profile.ts';
import { PROFILE } from '../acme.ts';
import { makeCa } from '../leaf.ts';
import { fileIn, openssl } from '../openssl.ts';
import { code, makeLine, release, requestFor } from './signing-line.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const ca = await makeCa(folder);

const RICH: CertificateProfile = {
  ...PROFILE,
  commonName: 'sensor.{serial}',
  subjectAltName: {
    uri: 'urn:dev:ops:32473-{serial}',
    hardwareModuleName: { hwType: '1.3.6.1.4.1.32473.1', hwSerialNum: '{serial}' },
  },
};

it('a certificate says what the profile says of names and purposes', async () => {
  const line = makeLine(folder, ca, { profileOf: () => RICH });
  await release(line, ['ACME-1']);
  const { certificate } = await line.issuer.issue(requestFor('ACME-1'));
  const path = fileIn(folder, 'rich.der', certificate);
  const text = openssl('x509', '-in', path, '-inform', 'DER', '-noout', '-text').toString();
  expect(text).toContain('serialNumber = ACME-1, CN = sensor.ACME-1');
  expect(text).toMatch(/Extended Key Usage: \n +TLS Web Client Authentication\n/);
  expect(text).toMatch(/Subject Alternative Name: \n +URI:urn:dev:ops:32473-ACME-1, othername:/);
});

it.each<[string, Partial<CertificateProfile>]>([
  ['another CN', { commonName: 'node.{serial}' }],
  ['another URI', { subjectAltName: { ...RICH.subjectAltName, uri: 'urn:dev:ops:1-{serial}' } }],
  ['no hardware name', { subjectAltName: { uri: RICH.subjectAltName!.uri! } }],
  ['another purpose', { extendedKeyUsage: ['clientAuth', 'serverAuth'] }],
])('a reservation made before the profile had %s is not signed; a new attempt is', async (_what, change) => {
  let profile = RICH;
  const line = makeLine(folder, ca, { profileOf: () => profile });
  await release(line, ['ACME-1']);
  const request = requestFor('ACME-1');
  line.signer.tamper = () => {
    throw new Error('gone');
  };
  await expect(line.issuer.issue(request)).rejects.toThrow(code('CA_UNAVAILABLE'));
  line.signer.tamper = (signature) => signature;
  const before = line.signer.signatures;
  profile = { ...RICH, ...change };
  await expect(line.issuer.issue(request)).rejects.toThrow(code('PROFILE_INVALID', 'lint'));
  expect(line.signer.signatures).toBe(before);
  if (profile.extendedKeyUsage === undefined)
    await line.issuer.issue(requestFor('ACME-1', { attempt: 2, boardId: request.boardId }));
});

it('a serial that a name has no room for is refused before anything is reserved', async () => {
  const line = makeLine(folder, ca, { profileOf: () => RICH });
  const serial = 'A'.repeat(58);
  await release(line, [serial]);
  const request = requestFor(serial);
  await expect(line.issuer.issue(request)).rejects.toThrow(code('PROFILE_INVALID', 'name-length'));
  expect(line.signer.signatures).toBe(0);
  expect(await line.sql('SELECT reserved FROM batch')).toEqual([{ reserved: 0 }]);
  expect(await line.issuer.find(request.requestId)).toBeUndefined();
});
