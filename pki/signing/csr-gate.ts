import { DER_TAG, DerReader, assertStrictDer, readSmallInteger } from '../x509/der-reader.ts';
import { ecdsaVerify } from '../x509/ecdsa.ts';
import { ECDSA_WITH_SHA256, hasSpkiShape, publicKeyOfSpki, sha256Hex } from '../x509/p256.ts';
import { PkiError } from '../pki-error.ts';

/** A P-256 request is 216 to 260 octets; the cap keeps hostile input from the parser (0.1 s for 1 MB of zeros). */
const MAX_CSR_LENGTH = 1024;

/** All that is ever taken from a request. Hashes in lower-case hex. */
export interface GatedCsr {
  /** The public key: SubjectPublicKeyInfo, 91 octets. */
  readonly spki: Uint8Array;
  readonly spkiSha256: string;
  /** Of the whole request. */
  readonly sha256: string;
}

/**
 * Lets a PKCS#10 request in DER through only if it is exactly one strict encoding of a P-256 request whose signer holds
 * the key: length, DER, shape, public key's form, algorithm, point on the curve, proof of possession, in that order.
 * Subject, attributes and requested extensions are read past, never copied. Throws CSR_REFUSED with a `reason`.
 */
export async function gateCsr(der: Uint8Array): Promise<GatedCsr> {
  if (der.length === 0 || der.length > MAX_CSR_LENGTH) {
    throw refused('length', `it has ${der.length} octets, not 1 to ${MAX_CSR_LENGTH}`);
  }
  const { info, spki, algorithm, signature } = readRequest(der);
  if (!hasSpkiShape(spki)) throw refused('key-form', 'its key is not an uncompressed P-256 point');
  if (!ECDSA_WITH_SHA256.equals(algorithm))
    throw refused('algorithm', 'it is not signed with ECDSA and SHA-256');
  const publicKey = publicKeyOfSpki(spki);
  if (publicKey === undefined) throw refused('point', 'its key is not a point of the curve');
  if (!(await ecdsaVerify(info, publicKey, signature)))
    throw refused('possession', 'its signature does not verify with its key');
  const copy = Uint8Array.from(spki);
  return { spki: copy, spkiSha256: sha256Hex(copy), sha256: sha256Hex(der) };
}

interface RequestParts {
  readonly info: Uint8Array;
  readonly spki: Uint8Array;
  readonly algorithm: Uint8Array;
  readonly signature: Uint8Array;
}

function readRequest(der: Uint8Array): RequestParts {
  try {
    assertStrictDer(der);
    return readFields(der);
  } catch (error) {
    if (!(error instanceof PkiError) || error.code !== 'DER_MALFORMED') throw error;
    throw refused('der', error.message, error);
  }
}

/** RFC 2986 §4: SEQUENCE { SEQUENCE { 0, Name, SubjectPublicKeyInfo, [0] attributes }, algorithm, BIT STRING }. */
function readFields(der: Uint8Array): RequestParts {
  const request = new DerReader(der).enter(DER_TAG.sequence);
  const info = request.expect(DER_TAG.sequence);
  const algorithm = request.expect(DER_TAG.sequence).whole;
  const signature = request.expect(DER_TAG.bitString).content;
  request.end();
  const fields = new DerReader(info.content);
  const version = readSmallInteger(fields.expect(DER_TAG.integer).content);
  fields.expect(DER_TAG.sequence);
  const spki = fields.expect(DER_TAG.sequence).whole;
  fields.expect(0xa0);
  fields.end();
  if (version !== 0) throw refused('version', 'its version is not 0');
  if (signature[0] !== 0) throw refused('signature-form', 'its signature has unused bits');
  return { info: info.whole, spki, algorithm, signature: signature.subarray(1) };
}

function refused(reason: string, what: string, cause?: unknown): PkiError {
  const message = `The certificate request is refused: ${what}. Check the station that sent it.`;
  return new PkiError('CSR_REFUSED', message, { reason, cause });
}
