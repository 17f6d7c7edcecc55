/**
 * Why the registry could not do it, and the code of the failure table that follows. REGISTRY_UNAVAILABLE passes when
 * somebody mends the disk; a REGISTRY_CONFLICT never passes by itself; a REGISTRY_FAULT is a mistake of the caller.
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
  'unknown-batch': 'REGISTRY_FAULT',
  'unknown-unit': 'REGISTRY_FAULT',
  'row-count': 'REGISTRY_FAULT',
  'wrong-fingerprint': 'REGISTRY_FAULT',
  unexpected: 'REGISTRY_FAULT',
} as const;

export type RegistryReason = keyof typeof REASONS;
export type RegistryErrorCode = (typeof REASONS)[RegistryReason];

/** The one error class of this room; its message says what happened, where, and the cure. */
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

/** By SQLite's primary result code (sqlite.org/rescode.html), what it means for the file at hand and the cure. */
const SQLITE_RESULTS: Readonly<Record<number, readonly [RegistryReason, string]>> = {
  5: ['locked', 'another program is writing to it; try again, or end that program'],
  6: ['locked', 'another program is writing to it; try again, or end that program'],
  8: ['read-only', 'it is read-only; give the user that runs Certline write permission on file and folder'],
  10: ['disk-error', 'the disk reports an error; check the disk'],
  11: ['damaged', 'the file is damaged; restore it from a backup'],
  13: ['full', 'the disk is full; free some space'],
  14: ['cannot-open', 'it cannot be opened; check that the folder exists and may be written'],
  19: ['constraint', 'it would break a rule of the registry'],
  26: ['damaged', 'it is not a registry; name another file, or restore it from a backup'],
};

/** Any error as a RegistryError about the registry at `path`; one that is already stays as it is. */
export function registryError(error: unknown, path: string): RegistryError {
  if (error instanceof RegistryError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const [reason, cure] = SQLITE_RESULTS[primaryResult(error)] ?? ['unexpected', 'see the cause'];
  return new RegistryError(reason, `The registry ${path} refuses: ${cure} (${message}).`, error);
}

/** True when SQLite itself reported the error. */
export function isSqliteError(error: unknown): boolean {
  return primaryResult(error) !== -1;
}

/** The low byte of an extended result code is the primary one. */
function primaryResult(error: unknown): number {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return -1;
  return error.errcode & 0xff;
}
