import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gateCsr } from '../../../pki/signing/csr-gate.ts';
import { DER_TAG, DerReader } from '../../../pki/x509/der-reader.ts';
import { derBitString, derElement, derInteger, derSequence } from '../../../pki/x509/der-writer.ts';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import { ECDSA_WITH_SHA256 } from '../../../pki/x509/p256.ts';
import { fileIn, openssl } from '../openssl.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const key = generateDeviceKey();
const csr = key.createCsr({ serial: 'ACME-0001' });

function refusal(reason: string): unknown {
  return expect.objectContaining({ code: 'CSR_REFUSED', reason });
}

/** A request by openssl for a key made with these options. */
function opensslRequest(keyArgs: string[], requestArgs: string[] = []): Buffer {
  const path = fileIn(folder, 'key.pem', openssl('genpkey', ...keyArgs));
  return openssl('req', '-new', '-key', path, '-subj', '/CN=X', '-outform', 'DER', ...requestArgs);
}

const P256 = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];

/** A well-formed request around any key bytes, signed with a P-256 key that need not belong to them. */
function requestFor(
  spki: Uint8Array,
  options: { algorithm?: Uint8Array; version?: number } = {},
): Uint8Array {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const info = derSequence(derInteger(options.version ?? 0), derSequence(), spki, derElement(0xa0));
  const signature = sign('sha256', info, privateKey);
  return derSequence(info, options.algorithm ?? ECDSA_WITH_SHA256, derBitString(signature));
}

describe('gateCsr', () => {
  it('passes what a station makes, and takes the public key only', async () => {
    const gated = await gateCsr(csr);
    expect(gated.spkiSha256).toBe(key.spkiSha256);
    expect(gated.sha256).toBe(createHash('sha256').update(csr).digest('hex'));
    expect(Object.keys(gated)).toEqual(['spki', 'spkiSha256', 'sha256']);
  });

  it('passes what openssl makes, extensions asked for or not', async () => {
    const plain = opensslRequest(P256);
    const asking = opensslRequest(P256, ['-addext', 'basicConstraints=critical,CA:TRUE']);
    expect((await gateCsr(plain)).spki).toHaveLength(91);
    expect((await gateCsr(asking)).spki).toHaveLength(91);
  });

  it('copies the key, so that later changes of the request change nothing', async () => {
    const request = Uint8Array.from(csr);
    const gated = await gateCsr(request);
    const before = Buffer.from(gated.spki);
    request.fill(0);
    expect(Buffer.from(gated.spki)).toEqual(before);
  });

  it('refuses a trailing byte', async () => {
    await expect(gateCsr(Buffer.concat([csr, Buffer.from([0])]))).rejects.toThrow(refusal('der'));
  });

  it('refuses an indefinite length', async () => {
    const content = new DerReader(csr).next().content;
    const indefinite = Buffer.concat([Buffer.from([0x30, 0x80]), content, Buffer.from([0, 0])]);
    await expect(gateCsr(indefinite)).rejects.toThrow(refusal('der'));
  });

  it('refuses a length in more octets than needed', async () => {
    const content = new DerReader(csr).next().content;
    const long = Buffer.concat([Buffer.from([0x30, 0x82, 0x00, content.length]), content]);
    await expect(gateCsr(long)).rejects.toThrow(refusal('der'));
  });

  it('refuses a signature that does not fit', async () => {
    const other = generateDeviceKey().createCsr({ serial: 'ACME-0001' });
    const [mine, theirs] = [csr, other].map((request) => new DerReader(request).enter(DER_TAG.sequence));
    const info = mine!.next().whole;
    theirs!.next();
    const mixed = derSequence(info, theirs!.next().whole, theirs!.next().whole);
    await expect(gateCsr(mixed)).rejects.toThrow(refusal('possession'));
  });

  it.each([
    ['P-384', ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'], 'key-form'],
    ['RSA', ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'], 'key-form'],
    ['Ed25519', ['-algorithm', 'ED25519'], 'key-form'],
    ['explicit curve parameters', [...P256, '-pkeyopt', 'ec_param_enc:explicit'], 'key-form'],
  ])('refuses %s', async (_name, keyArgs, reason) => {
    await expect(gateCsr(opensslRequest(keyArgs))).rejects.toThrow(refusal(reason));
  });

  it('refuses SHA-1', async () => {
    await expect(gateCsr(opensslRequest(P256, ['-sha1']))).rejects.toThrow(refusal('algorithm'));
  });

  it('refuses algorithm parameters', async () => {
    const withNull = derSequence(new DerReader(ECDSA_WITH_SHA256).next().content, Buffer.from('0500', 'hex'));
    await expect(gateCsr(requestFor((await gateCsr(csr)).spki, { algorithm: withNull }))).rejects.toThrow(
      refusal('algorithm'),
    );
  });

  it('refuses a compressed point', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const { x } = publicKey.export({ format: 'jwk' });
    const point = Buffer.concat([Buffer.from([2]), Buffer.from(x ?? '', 'base64url')]);
    const prefix = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');
    await expect(gateCsr(requestFor(Buffer.concat([prefix, point])))).rejects.toThrow(refusal('key-form'));
  });

  it('refuses a point off the curve', async () => {
    const spki = Buffer.from((await gateCsr(csr)).spki);
    spki[90]! ^= 1;
    await expect(gateCsr(requestFor(spki))).rejects.toThrow(refusal('point'));
  });

  it('refuses another version', async () => {
    await expect(gateCsr(requestFor((await gateCsr(csr)).spki, { version: 1 }))).rejects.toThrow(
      refusal('version'),
    );
  });

  it('refuses PEM, two requests at once, nothing, and too much', async () => {
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(csr).toString('base64')}\n`;
    await expect(gateCsr(Buffer.from(pem))).rejects.toThrow(refusal('der'));
    await expect(gateCsr(Buffer.concat([csr, csr]))).rejects.toThrow(refusal('der'));
    await expect(gateCsr(new Uint8Array())).rejects.toThrow(refusal('length'));
    await expect(gateCsr(new Uint8Array(1_000_000))).rejects.toThrow(refusal('length'));
  });

  it('refuses every single-byte change and every truncation', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(csr.length - 1), fc.integer({ min: 1, max: 255 }), async (index, change) => {
        const changed = Buffer.from(csr);
        changed[index]! ^= change;
        await expect(gateCsr(changed)).rejects.toThrow(expect.objectContaining({ code: 'CSR_REFUSED' }));
      }),
      { numRuns: 500 },
    );
    for (let length = 0; length < csr.length; length += 1) {
      await expect(gateCsr(csr.subarray(0, length))).rejects.toThrow(
        expect.objectContaining({ code: 'CSR_REFUSED' }),
      );
    }
  });

  it('answers noise with a refusal only', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 1200 }), async (noise) => {
        await expect(gateCsr(noise)).rejects.toThrow(expect.objectContaining({ code: 'CSR_REFUSED' }));
      }),
    );
  });
});
