import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import { containsKeyMaterial, findKeyMaterial } from '../../../pki/keys/key-material-scan.ts';
import { openssl } from '../openssl.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const sec1 = privateKey.export({ format: 'der', type: 'sec1' });
const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' });
const bareSec1 = Buffer.concat([Buffer.from('30250201010420', 'hex'), sec1.subarray(7, 39)]);

const binaries: [string, Buffer][] = [
  ['SEC1', sec1],
  ['SEC1 without curve and public key', bareSec1],
  ['PKCS#8', pkcs8],
  ['PKCS#8 of Ed25519', ed25519],
];

const spellings: [string, (bytes: Buffer) => Buffer][] = [
  ['raw', (bytes) => bytes],
  ['hex', (bytes) => Buffer.from(bytes.toString('hex'))],
  ['upper-case hex', (bytes) => Buffer.from(bytes.toString('hex').toUpperCase())],
  ['hex with colons', (bytes) => Buffer.from(bytes.toString('hex').match(/../g)!.join(':'))],
  ['base64', (bytes) => Buffer.from(bytes.toString('base64'))],
  ['base64url', (bytes) => Buffer.from(bytes.toString('base64url'))],
];

describe('containsKeyMaterial', () => {
  for (const [what, bytes] of binaries) {
    it.each(spellings)(`finds ${what} as %s, wherever it lies`, (_name, spell) => {
      for (let before = 0; before < 7; before += 1) {
        const key = spell(Buffer.concat([randomBytes(before), bytes]));
        expect(containsKeyMaterial(Buffer.concat([randomBytes(before * 3), key, randomBytes(9)]))).toBe(true);
      }
    });
  }

  it.each([
    ['array', (bytes: Buffer) => JSON.stringify([...bytes])],
    ['array, indented', (bytes: Buffer) => JSON.stringify({ key: [...bytes] }, null, 2)],
    ['Buffer', (bytes: Buffer) => JSON.stringify({ key: bytes })],
    ['Uint8Array', (bytes: Buffer) => JSON.stringify({ key: Uint8Array.from(bytes) })],
    ['Uint8Array, indented', (bytes: Buffer) => JSON.stringify(Uint8Array.from(bytes), null, 2)],
    ['printed Buffer', (bytes: Buffer) => inspect({ bytes })],
    ['printed Uint8Array', (bytes: Buffer) => inspect(Uint8Array.from(bytes))],
  ])('finds a key as JSON or print: %s', (_name, spell) => {
    expect(containsKeyMaterial(Buffer.from(spell(sec1)))).toBe(true);
    expect(containsKeyMaterial(Buffer.from(spell(pkcs8)))).toBe(true);
  });

  it.each([
    ['SEC1', privateKey.export({ format: 'pem', type: 'sec1' })],
    ['PKCS#8', privateKey.export({ format: 'pem', type: 'pkcs8' })],
    [
      'encrypted',
      privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }),
    ],
    [
      'RSA',
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'pem', type: 'pkcs1' }),
    ],
  ])('finds PEM: %s, also in JSON and in base64', (_name, pem) => {
    expect(containsKeyMaterial(Buffer.from(pem))).toBe(true);
    expect(containsKeyMaterial(Buffer.from(JSON.stringify({ pem })))).toBe(true);
    for (const pad of ['', 'a', 'bb']) {
      const inBase64 = Buffer.from(`${pad}${pem.toString()}`).toString('base64');
      expect(containsKeyMaterial(Buffer.from(inBase64))).toBe(true);
    }
  });

  it('finds a private JWK, also inside a JSON string, and lets a public one pass', () => {
    const jwk = JSON.stringify(privateKey.export({ format: 'jwk' }));
    expect(findKeyMaterial(Buffer.from(jwk))?.form).toBe('jwk');
    expect(containsKeyMaterial(Buffer.from(JSON.stringify({ body: jwk })))).toBe(true);
    expect(containsKeyMaterial(Buffer.from(JSON.stringify(JSON.parse(jwk), null, 2)))).toBe(true);
    expect(containsKeyMaterial(Buffer.from(JSON.stringify(publicKey.export({ format: 'jwk' }))))).toBe(false);
  });

  it('finds a key that openssl printed', () => {
    const pem = openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout');
    expect(containsKeyMaterial(pem)).toBe(true);
  });

  it('says where, and only where', () => {
    expect(findKeyMaterial(Buffer.concat([Buffer.from('abc'), sec1]))).toEqual({ form: 'der', offset: 3 });
  });

  it('lets requests, public keys and hashes pass, in every spelling', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(2), (seed, pad) => {
        const csr = Buffer.from(generateDeviceKey().createCsr({ serial: 'ACME-0001' }));
        const spki = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey;
        const hash = createHash('sha256').update(seed).digest();
        for (const bytes of [csr, spki.export({ format: 'der', type: 'spki' }), hash, Buffer.from(seed)]) {
          for (const [, spell] of spellings) {
            expect(findKeyMaterial(spell(Buffer.concat([randomBytes(pad), bytes])))).toBeUndefined();
          }
          expect(containsKeyMaterial(Buffer.from(JSON.stringify({ bytes, list: [...bytes] })))).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('lets a megabyte of noise pass, raw and in base64', () => {
    const noise = randomBytes(1 << 20);
    expect(containsKeyMaterial(noise)).toBe(false);
    expect(containsKeyMaterial(Buffer.from(noise.toString('base64')))).toBe(false);
  });
});
