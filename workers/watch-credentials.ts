import type { Logger } from 'pino';
import type { ServerConnections } from '../temporal/server-connections.ts';
import { watchExternalServer } from '../temporal/server/server-watch.ts';
import type { ServerWatch } from '../temporal/server/server-watch.ts';

/** Watches the server of a role, and exchanges its connections when its credentials were replaced on disk. */
export function watchCredentials(connections: ServerConnections, log: Logger): ServerWatch {
  return watchExternalServer(process.env, {
    namespace: connections.client.options.namespace,
    get options() {
      return connections.options;
    },
    renew: async (options) => {
      await connections.renew(options);
      log.info('the credentials for the Temporal server were replaced: the new ones are in use');
    },
    refused: (says) => log.error(says),
  });
}
