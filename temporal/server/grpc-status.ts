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
  if (!isGrpcServiceError(error)) return false;
  const code: number = error.code;
  return statuses.some((status) => GRPC_STATUS[status] === code);
}

/** The server's message without gRPC's status number and name. */
export function describeGrpcError(error: unknown): string {
  if (isGrpcServiceError(error) && error.details !== '') return error.details;
  return error instanceof Error ? error.message : String(error);
}
