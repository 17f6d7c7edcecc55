/**
 * Why the registry could not do it, and the code of the failure table that follows. REGISTRY_UNAVAILABLE passes when
 * somebody repairs the disk; a REGISTRY_CONFLICT never passes by itself; a PASS_UNPROVEN is the word of
 * somebody who is no station; LEDGER_STALE is about the ledger of the signer; OUTBOX_OPEN passes when the device registries have
 * all; a REGISTRY_FAULT is a mistake of the caller.
 */
const REASONS = {
  locked: 'REGISTRY_UNAVAILABLE',
  full: 'REGISTRY_UNAVAILABLE',
  'read-only': 'REGISTRY_UNAVAILABLE',
  'cannot-open': 'REGISTRY_UNAVAILABLE',
  'disk-error': 'REGISTRY_UNAVAILABLE',
  damaged: 'REGISTRY_UNAVAILABLE',
  lost: 'REGISTRY_UNAVAILABLE',
  connection: 'REGISTRY_UNAVAILABLE',
  connections: 'REGISTRY_UNAVAILABLE',
  tls: 'REGISTRY_UNAVAILABLE',
  login: 'REGISTRY_UNAVAILABLE',
  rights: 'REGISTRY_UNAVAILABLE',
  'no-database': 'REGISTRY_UNAVAILABLE',
  newer: 'REGISTRY_UNAVAILABLE',
  older: 'REGISTRY_UNAVAILABLE',
  'other-certificate': 'REGISTRY_CONFLICT',
  'not-active': 'REGISTRY_CONFLICT',
  constraint: 'REGISTRY_CONFLICT',
  'being-imported': 'REGISTRY_UNAVAILABLE',
  stranger: 'REGISTRY_CONFLICT',
  unproven: 'PASS_UNPROVEN',
  forked: 'LEDGER_STALE',
  'not-sent': 'OUTBOX_OPEN',
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
