/**
 * Every code an error of this room can carry. Those that a unit can meet are rows of `provisioning/failure-table.ts`
 * under the same name. The others are for the person who sets up a CA or releases a batch, or show a defect of a
 * caller.
 */
export const PKI_CODES = [
  // What a request to sign can meet
  'CSR_REFUSED',
  'KEY_REUSED',
  'NOT_RELEASED',
  'QUOTA_EXCEEDED',
  'ALREADY_ISSUED',
  'REQUEST_CONFLICT',
  'BOARD_BOUND',
  'SERIAL_BOUND',
  'CERTIFICATE_WITHDRAWN',
  'UNIT_ENDED',
  'PROFILE_INVALID',
  'CLOCK_WRONG',
  'LEDGER_UNAVAILABLE',
  'CA_UNAVAILABLE',
  'SIGNER_FAULT',
  'STATION_UNKNOWN',
  'STATION_REVOKED',
  'STATION_STOPPED',
  'STATION_RATE',
  'STATION_CLOCK',
  'REQUEST_UNSIGNED',
  'REQUEST_INVALID',
  'PERMIT_INVALID',
  // Orders and releases
  'ORDER_UNKNOWN',
  'ORDER_INVALID',
  'ORDER_NOT_OPEN',
  'ORDER_EXPIRED',
  'ORDER_CLOSED',
  'ORDER_MISMATCH',
  'RELEASE_CONFLICT',
  'RELEASE_UNSIGNED',
  'WITHDRAWAL_REFUSED',
  'ISSUANCE_UNKNOWN',
  // The ledger's file
  'LEDGER_CORRUPT',
  'LEDGER_NEWER',
  'LEDGER_OLDER',
  'LEDGER_STALE',
  'WITNESS_UNAVAILABLE',
  'AUDIT_KEY_INVALID',
  // The CA's folder
  'CA_EXISTS',
  'CA_NOT_FOUND',
  'CA_INCONSISTENT',
  'CA_PERMISSIONS',
  'PASSPHRASE_INVALID',
  'PASSPHRASE_WRONG',
  'TOKEN_PIN_REFUSED',
  // A revocation list that somebody brings
  'CRL_INVALID',
  'CRL_EXPIRED',
  // Bytes and keys
  'DER_MALFORMED',
  'KEY_FILE_INVALID',
  'VERIFIER_KEY_INVALID',
  'STATION_KEY_INVALID',
  'ROLE_KEY_INVALID',
  'SECRET_MISUSED',
] as const;

export type PkiCode = (typeof PKI_CODES)[number];

/**
 * What this room could not do or refused. `message` says where, what, and how to fix it, and never contains bytes of a
 * key. `reason` distinguishes the causes that share a code, in words that are stable enough for a test or a metric.
 */
export class PkiError extends Error {
  override readonly name = 'PkiError';
  readonly code: PkiCode;
  readonly reason: string | undefined;

  constructor(code: PkiCode, message: string, options: { reason?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.reason = options.reason;
  }
}
