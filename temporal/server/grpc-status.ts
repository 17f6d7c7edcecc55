import { isGrpcServiceError } from '@temporalio/client';

/** The status codes that are distinguished here, with gRPC's numbers. */
const GRPC_STATUS = {
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  UNIMPLEMENTED: 12,
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

/** The server's message without gRPC's status number and name. */
export function describeGrpcError(error: unknown): string {
  const status = statusOf(error);
  if (status !== undefined && status.details !== '') return status.details;
  return error instanceof Error ? error.message : String(error);
}
