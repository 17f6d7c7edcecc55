import { NativeConnection } from '@temporalio/worker';
import { TEMPORAL_SERVER_ERROR_CODES, TemporalServerError } from './program/temporal-server-error.ts';
import type { TemporalServer } from './server/temporal-server.ts';

/** The native core reads the CA certificates of the host, where Node has its own. */
const NO_CA_CERTIFICATES = 'NativeCertsNotFound';

/**
 * Connects the workers of a process, which share this connection; the caller closes it after they have ended. Apart from
 * `connectClient`, because commands that only ask load no worker: it takes as long as all else that they load. Throws
 * TEMPORAL_CONFIGURATION where the host has no CA certificates and none are configured.
 */
export async function connectWorkers(
  server: Pick<TemporalServer, 'connectionOptions'>,
): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(server.connectionOptions);
  } catch (error) {
    if (!(error as Error).message.includes(NO_CA_CERTIFICATES)) throw error;
    const message =
      'This host has no CA certificates, which a worker needs for TLS: install them (Debian: package ca-certificates), or set TEMPORAL_TLS_SERVER_CA_CERT_PATH.';
    throw new TemporalServerError(TEMPORAL_SERVER_ERROR_CODES.CONFIGURATION, message, { cause: error });
  }
}
