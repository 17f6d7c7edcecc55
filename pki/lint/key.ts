import type { LintCheck } from './lint-check.ts';
import { sameBytes } from '../x509/same-bytes.ts';
import { hasSpkiShape, isOnCurve, sha256Hex } from '../x509/p256.ts';

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
    holds: ({ fields }) => !hasSpkiShape(fields.spki) || isOnCurve(fields.spki),
  },
  {
    code: 'key_expected',
    rule: 'the requested key',
    holds: ({ fields }, { expected }) =>
      expected === undefined || sha256Hex(fields.spki) === expected.spkiSha256,
  },
  {
    code: 'key_not_issuer',
    rule: "a key other than the issuer's",
    holds: ({ fields }, { issuer }) => issuer === undefined || !sameBytes(fields.spki, issuer.spki),
  },
];
