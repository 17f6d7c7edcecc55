import type { Connection } from '@temporalio/client';
import { openClientConnection } from './client-connection.ts';
import { describeGrpcError, hasGrpcStatus } from './grpc-status.ts';
import { waitForNamespace } from './namespace-wait.ts';
import type { Patience } from './patience.ts';
import { checkSearchAttributes, ensureSearchAttributes } from './search-attributes.ts';
import { plaintextWarning } from './plaintext.ts';
import { Obstacle, reachServer } from './reach.ts';
import type { SearchAttributes } from './search-attributes.ts';
import type { TemporalConnectionOptions, TemporalServer } from './temporal-server.ts';
import { withinLimits } from './within-limits.ts';
import { TEMPORAL_SERVER_ERROR_CODES, TemporalServerError } from '../program/temporal-server-error.ts';

/** gRPC statuses that refuse the caller. */
const REFUSALS = ['PERMISSION_DENIED', 'UNAUTHENTICATED'] as const;

/** gRPC statuses of a server that does not answer any more. */
const SILENCES = ['DEADLINE_EXCEEDED', 'UNAVAILABLE'] as const;

/** What an external server needs; `namespace` is the resolved one. */
export interface ExternalServerOptions {
  readonly namespace: string;
  readonly searchAttributes: SearchAttributes;
  readonly registers: boolean;
  readonly connectionOptions: TemporalConnectionOptions;
  readonly report: (line: string) => void;
  readonly signal: AbortSignal | undefined;
  readonly patience: Patience;
}

/**
 * Waits until the configured server answers and has the namespace and the search attributes; `registers` says whether
 * those that are missing are registered. It creates nothing else. Throws `TEMPORAL_UNREACHABLE`, `TEMPORAL_DENIED`, `TEMPORAL_NAMESPACE_MISSING` or
 * `TEMPORAL_SEARCH_ATTRIBUTES`.
 */
export async function openExternalServer(options: ExternalServerOptions): Promise<TemporalServer> {
  const { connectionOptions, namespace, searchAttributes, registers, signal, patience } = options;
  const address = connectionOptions.address ?? '';
  const source = `the server at ${address}, from Temporal's environment configuration`;
  options.report(`Using ${source}, namespace ${namespace}.`);
  const connection = await connect(address, connectionOptions, patience.connectMs);
  try {
    await withinLimits(connection, signal, async () => {
      await waitForNamespace(connection, namespace, patience.namespaceMs, signal);
      const see = registers ? ensureSearchAttributes : checkSearchAttributes;
      await see(connection, namespace, searchAttributes, signal);
    });
  } catch (error) {
    if (hasGrpcStatus(error, ...REFUSALS)) throw denied(address, connectionOptions, error);
    throw hasGrpcStatus(error, ...SILENCES) ? unreachable(address, error) : error;
  } finally {
    await connection.close();
  }
  const stop = async (): Promise<void> => undefined;
  const warning = plaintextWarning(address, connectionOptions);
  return { address, namespace, uiUrl: undefined, source, warning, connectionOptions, owned: false, stop };
}

async function connect(
  address: string,
  options: TemporalConnectionOptions,
  connectMs: number,
): Promise<Connection> {
  const begun = Date.now();
  try {
    await reachServer(options, connectMs);
    return await openClientConnection(options, Math.max(1_000, connectMs - (Date.now() - begun)));
  } catch (error) {
    if (error instanceof Obstacle) throw obstructed(address, error);
    throw hasGrpcStatus(error, ...REFUSALS) ? denied(address, options, error) : unreachable(address, error);
  }
}

/** What was shown to the server decides what to correct. */
function denied(
  address: string,
  { apiKey, tls }: TemporalConnectionOptions,
  cause: unknown,
): TemporalServerError {
  const shown =
    apiKey !== undefined
      ? ['the API key', 'correct TEMPORAL_API_KEY, or the permissions of its owner']
      : typeof tls === 'object' && tls?.clientCertPair !== undefined
        ? ['the client certificate', 'correct TEMPORAL_TLS_CLIENT_CERT_PATH, or the permissions of its name']
        : ['a client without credentials', 'set TEMPORAL_API_KEY, or a client certificate'];
  return new TemporalServerError(
    TEMPORAL_SERVER_ERROR_CODES.DENIED,
    `The Temporal server at ${address} refuses ${shown[0]} (${describeGrpcError(cause)}): ${shown[1]}, and check TEMPORAL_NAMESPACE.`,
    { cause },
  );
}

function obstructed(address: string, cause: Obstacle): TemporalServerError {
  const message = `The Temporal server at ${address} ${cause.message}.`;
  return new TemporalServerError(TEMPORAL_SERVER_ERROR_CODES.UNREACHABLE, message, { cause });
}

function unreachable(address: string, cause: unknown): TemporalServerError {
  return new TemporalServerError(
    TEMPORAL_SERVER_ERROR_CODES.UNREACHABLE,
    `The Temporal server at ${address} cannot be used (${describeGrpcError(cause)}): see whether it is starting, and correct TEMPORAL_ADDRESS if it is another one.`,
    { cause },
  );
}
