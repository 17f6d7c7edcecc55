import { isGrpcServiceError } from '@temporalio/client';

/** The status codes that are distinguished here, with gRPC's numbers. */
const GRPC_STATUS = {
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  UNIMPLEMENTED: 12,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** Whether the server answered with one of these statuses. */
export function hasGrpcStatus(error: unknown, ...statuses: (keyof typeof GRPC_STATUS)[]): boolean {
  const status = statusOf(error);
  if (status === undefined) return false;
  const code: number = status.code;
  return statuses.some((name) => GRPC_STATUS[name] === code);
}

/** The client puts an error of its own around what it gets when it connects. */
function statusOf(error: unknown): { readonly code: number; readonly details: string } | undefined {
  if (isGrpcServiceError(error)) return error;
  const { cause } = (error ?? {}) as { readonly cause?: unknown };
  return isGrpcServiceError(cause) ? cause : undefined;
}

/** What grpc-js says where no connection came about in time. */
const NO_CONNECTION = 'Failed to connect before the deadline';

/**
 * The server's message without gRPC's status number and name. Of an error that did not come from a server it gives only the
 * code or the name: the text may repeat a credential.
 */
export function describeGrpcError(error: unknown): string {
  const status = statusOf(error);
  if (status !== undefined) return status.details || `status ${status.code}`;
  if (!(error instanceof Error)) return 'unknown';
  if (error.message === NO_CONNECTION) return 'no connection in time';
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : error.name;
}
