import { createECDH } from 'node:crypto';
import type { KeyEncoding } from '../../provisioning/product.ts';
import { DER_TAG, DerReader, readSmallInteger } from '../x509/der-reader.ts';
import { EC_PUBLIC_KEY, FIELD_LENGTH, PRIME256V1, isScalar, sha256Hex, spkiOfPoint } from '../x509/p256.ts';
import { PkiError } from '../pki-error.ts';

const PARAMETERS = 0xa0;
const PUBLIC_KEY = 0xa1;

/** The public half of a key file: its SubjectPublicKeyInfo (91 octets) and that one's SHA-256 in hex. */
export interface KeyFilePublicKey {
  readonly spki: Uint8Array;
  readonly spkiSha256: string;
}

/**
 * The public key of a key file as it was read back from a device, computed from the private scalar: a public key that
 * the file carries beside it must be the same, or a flipped bit in flash would go unseen. Reads through views and makes
 * no copy of the key; the caller wipes `der`. Without `encoding` both are tried. Throws KEY_FILE_INVALID.
 */
export function publicKeyOfKeyFile(der: Uint8Array, encoding?: KeyEncoding): KeyFilePublicKey {
  try {
    const { scalar, point } =
      (encoding ?? encodingOfKeyFile(der)) === 'sec1' ? readSec1(der, true) : readPkcs8(der);
    const computed = pointOfScalar(scalar);
    if (point !== undefined && Buffer.compare(point, computed) !== 0) {
      throw invalid('its public key does not belong to its private key', 'pair-mismatch');
    }
    const spki = spkiOfPoint(computed);
    return { spki, spkiSha256: sha256Hex(spki) };
  } catch (error) {
    if (error instanceof PkiError && error.code === 'DER_MALFORMED')
      throw invalid('it is not DER', 'not-der');
    throw error;
  }
}

/** ECPrivateKey and OneAsymmetricKey both open with SEQUENCE { INTEGER, … }; the next tag distinguishes them. */
export function encodingOfKeyFile(der: Uint8Array): KeyEncoding {
  const fields = new DerReader(der).enter(DER_TAG.sequence);
  fields.expect(DER_TAG.integer);
  return fields.peekTag() === DER_TAG.octetString ? 'sec1' : 'pkcs8';
}

/** RFC 5915 §3. The curve may be left out only where a PKCS#8 envelope names it. */
function readSec1(
  der: Uint8Array,
  curveRequired: boolean,
): { scalar: Uint8Array; point: Uint8Array | undefined } {
  const file = new DerReader(der);
  const fields = file.enter(DER_TAG.sequence);
  file.end();
  if (readSmallInteger(fields.expect(DER_TAG.integer).content) !== 1)
    throw invalid('its version is not 1', 'version');
  const scalar = fields.expect(DER_TAG.octetString).content;
  const parameters = fields.optional(PARAMETERS);
  if (parameters === undefined ? curveRequired : !PRIME256V1.equals(parameters.content)) throw wrongCurve();
  const publicKey = fields.optional(PUBLIC_KEY);
  fields.end();
  return { scalar, point: publicKey === undefined ? undefined : readPoint(publicKey.content) };
}

/** RFC 5958 §2, version 0 or 1, with id-ecPublicKey and prime256v1. */
function readPkcs8(der: Uint8Array): { scalar: Uint8Array; point: Uint8Array | undefined } {
  const file = new DerReader(der);
  const fields = file.enter(DER_TAG.sequence);
  file.end();
  fields.expect(DER_TAG.integer);
  const algorithm = fields.expect(DER_TAG.sequence).content;
  if (Buffer.compare(algorithm, Buffer.concat([EC_PUBLIC_KEY, PRIME256V1])) !== 0) throw wrongCurve();
  return readSec1(fields.expect(DER_TAG.octetString).content, false);
}

function readPoint(content: Uint8Array): Uint8Array {
  const reader = new DerReader(content);
  const bits = reader.expect(DER_TAG.bitString).content;
  reader.end();
  if (bits[0] !== 0) throw invalid('its public key has unused bits', 'not-der');
  return bits.subarray(1);
}

function pointOfScalar(scalar: Uint8Array): Uint8Array {
  if (scalar.length !== FIELD_LENGTH || !isScalar(scalar)) {
    throw invalid('its private number is outside the range of the curve', 'scalar');
  }
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(scalar);
  return ecdh.getPublicKey();
}

function wrongCurve(): PkiError {
  return invalid('it is not a P-256 key', 'curve');
}

function invalid(what: string, reason: string): PkiError {
  return new PkiError(
    'KEY_FILE_INVALID',
    `The key file cannot be used: ${what}. Provision the board again.`,
    {
      reason,
    },
  );
}
