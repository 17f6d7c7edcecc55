import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { hasGrpcStatus } from './grpc-status.ts';
import { TEMPORAL_SERVER_ERROR_CODES, TemporalServerError } from '../program/temporal-server-error.ts';

/** Waits until the server has the namespace; throws `TEMPORAL_NAMESPACE_MISSING` after `timeoutMs` without it. */
export async function waitForNamespace(
  connection: Connection,
  namespace: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const giveUpAt = Date.now() + timeoutMs;
  for (;;) {
    try {
      await connection.workflowService.describeNamespace({ namespace });
      return;
    } catch (error) {
      if (!hasGrpcStatus(error, 'NOT_FOUND')) throw error;
      if (Date.now() >= giveUpAt) throw missing(namespace, error);
    }
    await delay(200, undefined, { signal });
  }
}

function missing(namespace: string, cause: unknown): TemporalServerError {
  return new TemporalServerError(
    TEMPORAL_SERVER_ERROR_CODES.NAMESPACE_MISSING,
    `The Temporal server has no namespace ${namespace}; set TEMPORAL_NAMESPACE to one that it has, or have an administrator run: temporal operator namespace create --namespace ${namespace} --retention 720h`,
    { cause },
  );
}
