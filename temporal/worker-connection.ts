import { NativeConnection } from '@temporalio/worker';
import type { TemporalServer } from './server/temporal-server.ts';

/**
 * Connects the workers of a process, which share this connection; the caller closes it after they have ended. Apart from
 * `connectClient`, because commands that only ask load no worker: it takes as long as all else that they load.
 */
export async function connectWorkers(server: TemporalServer): Promise<NativeConnection> {
  return await NativeConnection.connect(server.connectionOptions);
}
