/**
 * Why the registry could not do it, and the code of the failure table that follows. REGISTRY_UNAVAILABLE passes when
 * somebody repairs the disk; a REGISTRY_CONFLICT never passes by itself; a PASS_UNPROVEN is the word of
 * somebody who is no station; a REGISTRY_FAULT is a mistake of the caller.
 */
const REASONS = {
  locked: 'REGISTRY_UNAVAILABLE',
  full: 'REGISTRY_UNAVAILABLE',
  'read-only': 'REGISTRY_UNAVAILABLE',
  'cannot-open': 'REGISTRY_UNAVAILABLE',
  'disk-error': 'REGISTRY_UNAVAILABLE',
  damaged: 'REGISTRY_UNAVAILABLE',
  newer: 'REGISTRY_UNAVAILABLE',
  older: 'REGISTRY_UNAVAILABLE',
  'other-certificate': 'REGISTRY_CONFLICT',
  'not-active': 'REGISTRY_CONFLICT',
  constraint: 'REGISTRY_CONFLICT',
  stranger: 'REGISTRY_CONFLICT',
  unproven: 'PASS_UNPROVEN',
  'still-running': 'REGISTRY_FAULT',
  'unknown-batch': 'REGISTRY_FAULT',
  'unknown-unit': 'REGISTRY_FAULT',
  'row-count': 'REGISTRY_FAULT',
  'wrong-fingerprint': 'REGISTRY_FAULT',
  unexpected: 'REGISTRY_FAULT',
} as const;

export type RegistryReason = keyof typeof REASONS;
export type RegistryErrorCode = (typeof REASONS)[RegistryReason];

/** The one error class of this room; its message says what happened, where, and what to do. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;
  readonly reason: RegistryReason;

  constructor(reason: RegistryReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.code = REASONS[reason];
  }
}
