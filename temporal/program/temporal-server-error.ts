/**
 * The closed set of reasons why there is no Temporal server. `…_UNREACHABLE` and `…_START_FAILED` may pass on a
 * second try; the others need a person.
 */
export const TEMPORAL_SERVER_ERROR_CODES = {
  /** Temporal's environment configuration contradicts itself or names a file that cannot be read. */
  CONFIGURATION: 'TEMPORAL_CONFIGURATION',
  /** Nothing answers at the configured address. */
  UNREACHABLE: 'TEMPORAL_UNREACHABLE',
  /** The server answers and refuses these credentials. */
  DENIED: 'TEMPORAL_DENIED',
  /** The server has no such namespace. */
  NAMESPACE_MISSING: 'TEMPORAL_NAMESPACE_MISSING',
  /** A search attribute is missing and cannot be registered, or has another type. */
  SEARCH_ATTRIBUTES: 'TEMPORAL_SEARCH_ATTRIBUTES',
  /** No way to get the server's program worked. */
  BINARY_MISSING: 'TEMPORAL_BINARY_MISSING',
  /** The program is there and does not start. */
  START_FAILED: 'TEMPORAL_START_FAILED',
  /** Another process has the database file open. */
  DATABASE_IN_USE: 'TEMPORAL_DATABASE_IN_USE',
  /** The server of a factory line ended while the line ran. */
  LOST: 'TEMPORAL_LOST',
} as const;

/** One of {@link TEMPORAL_SERVER_ERROR_CODES}. */
export type TemporalServerErrorCode =
  (typeof TEMPORAL_SERVER_ERROR_CODES)[keyof typeof TEMPORAL_SERVER_ERROR_CODES];

/** Why there is no Temporal server: the message says where, what, and how to fix it. */
export class TemporalServerError extends Error {
  override readonly name = 'TemporalServerError';
  readonly code: TemporalServerErrorCode;

  constructor(code: TemporalServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
