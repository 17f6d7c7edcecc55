/**
 * Why a certificate is on a revocation list, by name and code (RFC 5280 §5.3.1); on hold is not revoked: that may end.
 */
export const CRL_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  // 7 is unused, and 8 (removeFromCRL) belongs to delta lists, which are refused.
  privilegeWithdrawn: 9,
  aACompromise: 10,
} as const;

/** A name in {@link CRL_REASONS}. */
export type CrlReason = keyof typeof CRL_REASONS;

/** The reason of a code, or undefined. */
export function crlReasonOf(code: number): CrlReason | undefined {
  return (Object.keys(CRL_REASONS) as CrlReason[]).find((reason) => CRL_REASONS[reason] === code);
}

/** The reasons for which Certline withdraws a certificate. */
export const REVOCATION_REASONS = [
  'superseded',
  'cessationOfOperation',
  'keyCompromise',
] as const satisfies readonly CrlReason[];

export type RevocationReason = (typeof REVOCATION_REASONS)[number];
