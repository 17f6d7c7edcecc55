import { describe, expect, it } from 'vitest';
import { describeCertificate } from '../../../pki/lint/certificate-facts.ts';
import { readCertificate } from '../../../pki/x509/certificate-reader.ts';
import { sha256Hex } from '../../../pki/x509/p256.ts';
import { pemOf } from '../../../pki/x509/pem.ts';
import { fileIn, openssl } from '../openssl.ts';
import { freshTbs, makeCa, signTbs } from '../leaf.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const ca = await makeCa(folder);
const leaf = await signTbs(ca, await freshTbs(ca, 'ACME-7'));

function foreignCertificate(): Buffer {
  const key = fileIn(
    folder,
    'foreign.pem',
    openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'),
  );
  return openssl(
    'req',
    '-x509',
    '-key',
    key,
    '-subj',
    '/O=Others/CN=foreign',
    '-days',
    '9',
    '-outform',
    'DER',
  );
}

describe('describeCertificate', () => {
  it('reads ours as openssl does', () => {
    const facts = describeCertificate(leaf, [ca.certificate]);
    const path = fileIn(folder, 'leaf.der', leaf);
    const shown = openssl(
      'x509',
      '-inform',
      'DER',
      '-in',
      path,
      '-noout',
      '-serial',
      '-fingerprint',
      '-sha256',
    ).toString();
    const digits = shown.replaceAll(':', '').toLowerCase();
    expect(facts).toMatchObject({
      serial: 'ACME-7',
      commonName: 'ACME-7',
      organization: 'acme-line-1',
      spkiSha256: sha256Hex(readCertificate(leaf).spki),
      notAfter: '9999-12-31T23:59:59.000Z',
      issuedByUs: true,
    });
    expect(digits).toContain(`serial=${facts?.certificateSerial}`);
    expect(digits).toContain(`fingerprint=${facts?.certificateSha256}`);
  });

  it('tells a foreign certificate from ours', async () => {
    const otherCa = await makeCa(folder);
    expect(describeCertificate(leaf, [otherCa.certificate])?.issuedByUs).toBe(false);
    expect(describeCertificate(leaf, [otherCa.certificate, ca.certificate])?.issuedByUs).toBe(true);
    expect(describeCertificate(leaf)?.issuedByUs).toBe(false);
    const foreign = describeCertificate(foreignCertificate(), [ca.certificate]);
    expect(foreign).toMatchObject({
      serial: '',
      commonName: 'foreign',
      organization: 'Others',
      issuedByUs: false,
    });
  });

  it('takes a foreign certificate for one even in PEM or with bytes behind it', () => {
    const foreign = foreignCertificate();
    const loose = [
      Buffer.from(pemOf('CERTIFICATE', foreign)),
      Buffer.concat([foreign, Buffer.alloc(40, 0xff)]),
    ];
    for (const bytes of loose) {
      expect(describeCertificate(bytes, [ca.certificate])?.certificateSha256).toBe(sha256Hex(foreign));
    }
  });

  it('takes any truncation of ours, and ours with bytes behind it, for no certificate', () => {
    for (let length = 0; length < leaf.length; length += 1) {
      expect(describeCertificate(leaf.subarray(0, length), [ca.certificate])).toBeUndefined();
    }
    expect(describeCertificate(Buffer.concat([leaf, Buffer.of(0)]), [ca.certificate])).toBeUndefined();
  });

  it('does not take a changed certificate for ours', () => {
    for (let index = 0; index < leaf.length; index += 1) {
      const changed = Buffer.from(leaf);
      changed[index]! ^= 0x01;
      expect(describeCertificate(changed, [ca.certificate])?.issuedByUs ?? false).toBe(false);
    }
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['erased flash', Buffer.alloc(512, 0xff)],
    ['zeros', Buffer.alloc(512)],
    ['text', Buffer.from('hello')],
  ])('takes %s for no certificate', (_name, bytes) => {
    expect(describeCertificate(bytes, [ca.certificate])).toBeUndefined();
  });
});
