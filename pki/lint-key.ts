import { sameBytes, type LintCheck } from './certificate-lint.ts';
import { hasSpkiShape, publicKeyOfSpki, sha256Hex } from './p256.ts';

/** Points that were found on the curve, of the certificates under way: each is linted before and after signing. */
const KNOWN_POINTS_MAX = 256;
const knownPoints = new Set<string>();

/** The certified public key. */
export const KEY_CHECKS: readonly LintCheck[] = [
  {
    code: 'key_form',
    rule: 'id-ecPublicKey on prime256v1, uncompressed (RFC 5480 §2)',
    holds: ({ fields }) => hasSpkiShape(fields.spki),
  },
  {
    code: 'key_point',
    rule: 'a point on the curve (SP 800-56A §5.6.2.3)',
    holds: ({ fields }) => isOnCurve(fields.spki),
  },
  {
    code: 'key_expected',
    rule: 'the key that was asked for',
    holds: ({ fields }, { expected }) =>
      expected === undefined || sha256Hex(fields.spki) === expected.spkiSha256,
  },
  {
    code: 'key_not_issuer',
    rule: "a key other than the issuer's",
    holds: ({ fields }, { issuer }) => issuer === undefined || !sameBytes(fields.spki, issuer.spki),
  },
];

/** Whether the bytes are a point never changes; asking OpenSSL again costs as much as half a signature's check. */
function isOnCurve(spki: Uint8Array): boolean {
  const name = Buffer.from(spki).toString('latin1');
  if (knownPoints.has(name)) return true;
  if (publicKeyOfSpki(spki) === undefined) return false;
  if (knownPoints.size >= KNOWN_POINTS_MAX) knownPoints.clear();
  knownPoints.add(name);
  return true;
}
