import { connect } from 'node:net';
import type { Connection } from '@temporalio/client';
import { openClientConnection } from './client-connection.ts';

/** grpc.health.v1.HealthCheckResponse.ServingStatus.SERVING */
const SERVING = 1;

/** Whether a Temporal frontend answers at this address, without TLS, within `timeoutMs`, and says that it serves. */
export async function isServing(address: string, timeoutMs: number): Promise<boolean> {
  // After a refused connection gRPC waits a second before it tries again.
  if (!(await isListening(address, timeoutMs))) return false;
  let connection: Connection | undefined;
  try {
    connection = await openClientConnection({ address }, timeoutMs);
    const { healthService } = connection;
    const health = await connection.withDeadline(Date.now() + timeoutMs, () =>
      healthService.check({ service: 'temporal.api.workflowservice.v1.WorkflowService' }),
    );
    const status: number = health.status;
    return status === SERVING;
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}

async function isListening(address: string, timeoutMs: number): Promise<boolean> {
  const { hostname, port } = new URL(`tcp://${address}`);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: timeoutMs });
    const settle = (listening: boolean): void => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}
