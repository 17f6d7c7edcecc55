import { createPublicKey, hash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { DER_TAG, DerReader } from './der-reader.ts';
import { pemOf } from './pem.ts';

/** OBJECT IDENTIFIER 1.2.840.10045.3.1.7, prime256v1, as a whole element. */
export const PRIME256V1 = Buffer.from('06082a8648ce3d030107', 'hex');

/** OBJECT IDENTIFIER 1.2.840.10045.2.1, id-ecPublicKey, as a whole element. */
export const EC_PUBLIC_KEY = Buffer.from('06072a8648ce3d0201', 'hex');

/** AlgorithmIdentifier ecdsa-with-SHA256, parameters absent (RFC 5758 §3.2). */
export const ECDSA_WITH_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex');

/** What every P-256 SubjectPublicKeyInfo with an uncompressed point begins with: 27 octets, the point's 04 included. */
const SPKI_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');

/** Octets of a P-256 SubjectPublicKeyInfo: the prefix and two coordinates of 32. */
const SPKI_LENGTH = 91;

/** Octets of a coordinate, a private scalar, and of r and s in a signature. */
export const FIELD_LENGTH = 32;

/** The prime of the field, and b of y² = x³ − 3x + b over it (SEC 2 §2.4.2). */
const PRIME = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/** The order of the base point, big-endian (SEC 2 §2.4.2): scalars, r and s are in 1 … n−1. */
const ORDER = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');

/** True for 91 octets with the fixed prefix; says nothing of the point. */
export function hasSpkiShape(spki: Uint8Array): boolean {
  return spki.length === SPKI_LENGTH && SPKI_PREFIX.equals(spki.subarray(0, SPKI_PREFIX.length));
}

/** The SubjectPublicKeyInfo around an uncompressed point of 65 octets. */
export function spkiOfPoint(point: Uint8Array): Uint8Array {
  const spki = new Uint8Array(SPKI_LENGTH);
  spki.set(SPKI_PREFIX);
  spki.set(point, SPKI_LENGTH - point.length);
  return spki;
}

/** The key as OpenSSL holds it, or undefined where OpenSSL refuses it: the point is not on the curve. */
export function publicKeyOfSpki(spki: Uint8Array): KeyObject | undefined {
  try {
    // PEM, because Node takes a text twice as fast as an object around DER.
    return createPublicKey(pemOf('PUBLIC KEY', spki));
  } catch {
    return undefined;
  }
}

/** True when the point of a key of `hasSpkiShape` is on the curve; computed here, without OpenSSL. */
export function isOnCurve(spki: Uint8Array): boolean {
  const point = Buffer.from(spki).toString('hex', SPKI_LENGTH - 2 * FIELD_LENGTH);
  const x = BigInt(`0x${point.slice(0, 2 * FIELD_LENGTH)}`);
  const y = BigInt(`0x${point.slice(2 * FIELD_LENGTH)}`);
  return x < PRIME && y < PRIME && (y * y - x * (x * x - 3n) - B) % PRIME === 0n;
}

/** r and s, 32 octets each, of an ECDSA signature in DER (RFC 3279 §2.2.3). Throws DER_MALFORMED. */
export function fixedLengthSignature(der: Uint8Array): Uint8Array {
  const numbers = new DerReader(der).enter(DER_TAG.sequence);
  const signature = new Uint8Array(2 * FIELD_LENGTH);
  for (const end of [FIELD_LENGTH, 2 * FIELD_LENGTH]) {
    const { content } = numbers.expect(DER_TAG.integer);
    const magnitude = content.subarray(Math.max(0, content.length - FIELD_LENGTH));
    signature.set(magnitude, end - magnitude.length);
  }
  return signature;
}

/** True when the 32 octets are a number from 1 to n−1. */
export function isScalar(bytes: Uint8Array): boolean {
  return bytes.length === FIELD_LENGTH && bytes.some((octet) => octet !== 0) && ORDER.compare(bytes) > 0;
}

/** SHA-256 in lower-case hex. */
export function sha256Hex(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** RFC 5280 §4.2.1.2, method 1: SHA-1 of the public key's BIT STRING, 20 octets. */
export function keyIdentifierOf(spki: Uint8Array): Uint8Array {
  return hash('sha1', spki.subarray(SPKI_PREFIX.length - 1), 'buffer');
}
