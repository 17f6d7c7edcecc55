import type { Connection } from '@temporalio/client';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import { hasGrpcStatus } from './grpc-status.ts';
import { TEMPORAL_SERVER_ERROR_CODES, TemporalServerError } from '../program/temporal-server-error.ts';

/**
 * How long closed workflows stay visible: a month of production. With one day, the default of the dev server,
 * yesterday's batches are gone.
 */
const RETENTION_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * Makes the namespace on our own server if it is missing, sets a retention of 30 days, and reads it back. Throws
 * `TEMPORAL_START_FAILED` if the server has another retention then.
 */
export async function ensureOwnNamespace(connection: Connection, namespace: string): Promise<void> {
  const retentionMs = await readRetention(connection, namespace);
  if (retentionMs === RETENTION_MS) return;
  const retention = msToTs(RETENTION_MS);
  if (retentionMs === undefined) {
    const period = { workflowExecutionRetentionPeriod: retention };
    await connection.workflowService.registerNamespace({ namespace, ...period });
  } else {
    const config = { workflowExecutionRetentionTtl: retention };
    await connection.workflowService.updateNamespace({ namespace, config });
  }
  const takenMs = await readRetention(connection, namespace);
  if (takenMs !== RETENTION_MS) throw notTaken(namespace, takenMs);
}

/** The namespace's retention in milliseconds; `undefined` when there is no such namespace. */
async function readRetention(connection: Connection, namespace: string): Promise<number | undefined> {
  try {
    const { config } = await connection.workflowService.describeNamespace({ namespace });
    return tsToMs(config?.workflowExecutionRetentionTtl);
  } catch (error) {
    if (hasGrpcStatus(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

function notTaken(namespace: string, takenMs: number | undefined): TemporalServerError {
  return new TemporalServerError(
    TEMPORAL_SERVER_ERROR_CODES.START_FAILED,
    `The Temporal server keeps closed workflows of namespace ${namespace} for ${takenMs} ms instead of ${RETENTION_MS} ms; use another version of it.`,
  );
}
