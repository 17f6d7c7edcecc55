import { Client, Connection } from '@temporalio/client';
import { lineDataConverter } from './data-converter.ts';
import type { TemporalServer } from './server/temporal-server.ts';

/** Connects a client; the caller closes the connection. */
export async function connectClient(
  server: TemporalServer,
): Promise<{ client: Client; connection: Connection }> {
  const dataConverter = lineDataConverter();
  const connection = await Connection.connect(server.connectionOptions);
  return { client: new Client({ connection, namespace: server.namespace, dataConverter }), connection };
}
