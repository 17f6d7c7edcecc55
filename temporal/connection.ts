import { Client } from '@temporalio/client';
import type { Connection } from '@temporalio/client';
import { openClientConnection } from './server/client-connection.ts';
import { lineDataConverter } from './data-converter.ts';
import type { TemporalServer } from './server/temporal-server.ts';

/** Connects a client; the caller closes the connection. */
export async function connectClient(
  server: Pick<TemporalServer, 'connectionOptions' | 'namespace'>,
): Promise<{ client: Client; connection: Connection }> {
  const dataConverter = lineDataConverter();
  const connection = await openClientConnection(server.connectionOptions);
  return { client: new Client({ connection, namespace: server.namespace, dataConverter }), connection };
}
