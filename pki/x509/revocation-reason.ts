/** Why a certificate is withdrawn, in the names of RFC 5280 §5.3.1. */
export const REVOCATION_REASONS = ['superseded', 'cessationOfOperation', 'keyCompromise'] as const;

export type RevocationReason = (typeof REVOCATION_REASONS)[number];
