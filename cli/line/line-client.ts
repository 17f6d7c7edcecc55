import { ServiceError, isGrpcServiceError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { findRunningServer } from '../../line/running-server.ts';
import { connectClient } from '../../temporal/connection.ts';
import { describeGrpcError } from '../../temporal/server/grpc-status.ts';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';
import { CommandError } from '../exit-status.ts';

/**
 * Lends a client of the server on which the line of this state folder, or of the environment, works. Throws
 * LINE_NOT_RUNNING, a TemporalServerError, or a CommandError when the server goes away meanwhile.
 */
export async function withLineClient<T>(
  stateFolder: string,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const server = await findRunningServer(stateFolder);
  const { client, connection } = await connected(server);
  try {
    return await use(client);
  } catch (error) {
    throw isServiceFault(error) ? silent(server, error) : error;
  } finally {
    await connection.close();
  }
}

/** True for what a Temporal server, or the way to it, has to do with; false for what a workflow answered. */
export function isServiceFault(error: unknown): boolean {
  return error instanceof ServiceError || isGrpcServiceError(error);
}

async function connected(server: TemporalServer): ReturnType<typeof connectClient> {
  try {
    return await connectClient(server);
  } catch (error) {
    throw silent(server, error);
  }
}

function silent({ address }: TemporalServer, cause: unknown): CommandError {
  return new CommandError(
    'server',
    `The Temporal server at ${address} does not answer (${describeGrpcError(cause)}): wait until the line has started, then try again.`,
    { cause },
  );
}
