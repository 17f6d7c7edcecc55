import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import { publicKeyOfKeyFile } from '../../../pki/keys/key-file.ts';
import { sha256Hex } from '../../../pki/x509/p256.ts';
import { fileIn, openssl } from '../openssl.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const encodings = ['sec1', 'pkcs8'] as const;

/** A copy that outlives the secret: for tests alone. */
function keyFileBytes(encoding: 'sec1' | 'pkcs8'): Buffer {
  return generateDeviceKey()
    .exportKeyFile(encoding)
    .use((bytes) => Buffer.from(bytes));
}

describe('DeviceKey', () => {
  it('makes a CSR that openssl verifies, for the serial', () => {
    const csr = generateDeviceKey().createCsr({ serial: 'ACME-0001' });
    const path = fileIn(folder, 'unit.csr', csr);
    const text = openssl('req', '-inform', 'DER', '-in', path, '-verify', '-noout', '-subject').toString();
    expect(text).toContain('CN = ACME-0001');
    expect(csr.length).toBeLessThan(260);
  });

  it.each(encodings)('exports a %s file that openssl reads as the same key', (encoding) => {
    const key = generateDeviceKey();
    const path = fileIn(
      folder,
      `${encoding}.der`,
      key.exportKeyFile(encoding).use((bytes) => Buffer.from(bytes)),
    );
    const spki = openssl('pkey', '-inform', 'DER', '-in', path, '-pubout', '-outform', 'DER');
    expect(sha256Hex(spki)).toBe(key.spkiSha256);
  });

  it.each([
    ['sec1', 121],
    ['pkcs8', 138],
  ] as const)('writes %s in %i octets', (encoding, length) => {
    expect(generateDeviceKey().exportKeyFile(encoding).length).toBe(length);
  });

  it('is of no use after destroy', () => {
    const key = generateDeviceKey();
    key.destroy();
    const misused = expect.objectContaining({ code: 'SECRET_MISUSED' });
    expect(() => key.createCsr({ serial: 'A1' })).toThrow(misused);
    expect(() => key.exportKeyFile('sec1')).toThrow(misused);
  });

  it.each(['a1', 'A1, O=Admin', 'A1+O=x', '#0c0141', '../A1', 'A1\n', ''])(
    'makes no CSR for %j',
    (serial) => {
      expect(() => generateDeviceKey().createCsr({ serial })).toThrow(
        expect.objectContaining({ reason: 'serial-invalid' }),
      );
    },
  );

  it('makes another key every time', () => {
    const hashes = Array.from({ length: 50 }, () => generateDeviceKey().spkiSha256);
    expect(new Set(hashes).size).toBe(50);
  });
});

describe('publicKeyOfKeyFile', () => {
  it.each(encodings)('derives the public key of a %s file, told or not', (encoding) => {
    const file = keyFileBytes(encoding);
    const expected = createPublicKey(createPrivateKey({ key: file, format: 'der', type: encoding }));
    const spki = expected.export({ format: 'der', type: 'spki' });
    expect(Buffer.from(publicKeyOfKeyFile(file, encoding).spki)).toEqual(spki);
    expect(publicKeyOfKeyFile(file).spkiSha256).toBe(sha256Hex(spki));
  });

  it('reads files that openssl made, with and without the public key', () => {
    const pem = openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout');
    const path = fileIn(folder, 'made.pem', pem);
    const full = openssl('ec', '-in', path, '-outform', 'DER');
    const short = openssl('ec', '-in', path, '-outform', 'DER', '-no_public');
    expect(short.length).toBeLessThan(full.length);
    expect(publicKeyOfKeyFile(short)).toEqual(publicKeyOfKeyFile(full));
  });

  it('refuses every flipped bit of a SEC1 file, or derives another key', () => {
    const file = keyFileBytes('sec1');
    const original = publicKeyOfKeyFile(file).spkiSha256;
    for (let bit = 0; bit < file.length * 8; bit += 1) {
      const flipped = Buffer.from(file);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      let derived = '';
      try {
        derived = publicKeyOfKeyFile(flipped, 'sec1').spkiSha256;
      } catch (error) {
        expect(error).toMatchObject({ code: 'KEY_FILE_INVALID' });
      }
      expect(derived).not.toBe(original);
    }
  });

  it('refuses every truncation', () => {
    for (const encoding of encodings) {
      const file = keyFileBytes(encoding);
      for (let length = 0; length < file.length; length += 1) {
        expect(() => publicKeyOfKeyFile(file.subarray(0, length))).toThrow(
          expect.objectContaining({ code: 'KEY_FILE_INVALID' }),
        );
      }
    }
  });

  it.each([
    ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey, 'sec1'],
    ['P-384', () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey, 'pkcs8'],
    ['secp256k1', () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey, 'sec1'],
    ['Ed25519', () => generateKeyPairSync('ed25519').privateKey, 'pkcs8'],
    ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, 'pkcs8'],
  ] as const)('refuses a %s key', (_name, makeKey, type) => {
    const file = makeKey().export({ format: 'der', type });
    expect(() => publicKeyOfKeyFile(file)).toThrow(expect.objectContaining({ code: 'KEY_FILE_INVALID' }));
  });

  it('says nothing of the bytes it refuses', () => {
    const file = keyFileBytes('sec1');
    const scalar = file.subarray(7, 39).toString('hex');
    for (const cut of [file.subarray(0, 60), Buffer.concat([file, Buffer.from([0])])]) {
      try {
        publicKeyOfKeyFile(cut);
        expect.unreachable();
      } catch (error) {
        const text = error instanceof Error ? `${error.message}${error.stack}${JSON.stringify(error)}` : '';
        for (let start = 0; start + 8 <= scalar.length; start += 1) {
          expect(text).not.toContain(scalar.slice(start, start + 8));
        }
      }
    }
  });
});
