import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixedLengthSignature, hasSpkiShape, isOnCurve, publicKeyOfSpki } from '../../../pki/x509/p256.ts';

const PRIME = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;

function freshSpki(): Buffer {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return publicKey.export({ format: 'der', type: 'spki' });
}

describe('isOnCurve', () => {
  it('says of any point what OpenSSL says', () => {
    const octets = fc.uint8Array({ minLength: 64, maxLength: 64 });
    const flips = fc.record({ at: fc.integer({ min: 27, max: 90 }), bit: fc.nat(7) });
    fc.assert(
      fc.property(octets, flips, (point, { at, bit }) => {
        const good = freshSpki();
        const bent = Buffer.from(good);
        bent[at] = bent[at]! ^ (1 << bit);
        const noise = Buffer.concat([good.subarray(0, 27), point]);
        for (const spki of [good, bent, noise])
          expect(isOnCurve(spki)).toBe(publicKeyOfSpki(spki) !== undefined);
        expect(isOnCurve(good)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('takes no coordinate beyond the prime, which would be another form of a small one', () => {
    // The point with x = 5 (SEC 1 §2.3.3 admits one form of a coordinate): found by OpenSSL from its compressed form.
    const header = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d03010703220002', 'hex');
    const x = Buffer.alloc(32);
    x[31] = 5;
    const key = createPublicKey({ key: Buffer.concat([header, x]), format: 'der', type: 'spki' });
    const { y } = key.export({ format: 'jwk' });
    const around = (first: Buffer): Buffer =>
      Buffer.concat([freshSpki().subarray(0, 27), first, Buffer.from(y!, 'base64url')]);
    expect(isOnCurve(around(x))).toBe(true);
    const carried = Buffer.from((PRIME + 5n).toString(16), 'hex');
    expect(isOnCurve(around(carried))).toBe(false);
    expect(publicKeyOfSpki(around(carried))).toBeUndefined();
  });

  it('has a shape to look at', () => {
    expect(hasSpkiShape(freshSpki())).toBe(true);
    expect(hasSpkiShape(freshSpki().subarray(1))).toBe(false);
  });
});

describe('fixedLengthSignature', () => {
  it('is what OpenSSL calls IEEE P1363, of signatures with short numbers too', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    let sawShort = false;
    for (let round = 0; round < 400 || !sawShort; round += 1) {
      const message = Buffer.from(`message ${round}`);
      const der = sign('sha256', message, privateKey);
      const signature = fixedLengthSignature(der);
      expect(signature).toHaveLength(64);
      sawShort ||= signature[0] === 0 || signature[32] === 0;
      const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
      expect(verify('sha256', message, key, signature)).toBe(true);
    }
  });

  it('refuses what is no pair of integers', () => {
    const malformed = expect.objectContaining({ code: 'DER_MALFORMED' });
    for (const hex of ['', '3000', '3003020101', '300602010104010'.concat('1')])
      expect(() => fixedLengthSignature(Buffer.from(hex, 'hex'))).toThrow(malformed);
  });
});
