import { Connection } from '@temporalio/client';

/** grpc.health.v1.HealthCheckResponse.ServingStatus.SERVING */
const SERVING = 1;

/** Whether a Temporal frontend answers at this address, without TLS, within `timeoutMs`, and says that it serves. */
export async function isServing(address: string, timeoutMs: number): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: timeoutMs });
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
