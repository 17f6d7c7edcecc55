import { Connection } from '@temporalio/client';
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { chosenBy } from './chosen-server.ts';
import { describeGrpcError, hasGrpcStatus } from './grpc-status.ts';
import { waitForNamespace } from './namespace-wait.ts';
import type { Patience } from './patience.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { plaintextWarning } from './plaintext.ts';
import type { SearchAttributes } from './search-attributes.ts';
import type { TemporalConnectionOptions, TemporalServer } from './temporal-server.ts';
import { TEMPORAL_SERVER_ERROR_CODES, TemporalServerError } from './temporal-server-error.ts';

/**
 * The server that Temporal's environment configuration names, TLS, API key and namespace included; `undefined` when
 * the environment chooses none. Throws `TEMPORAL_CONFIGURATION` when it cannot be read or has no address.
 */
export function externalConfiguration(environment: NodeJS.ProcessEnv): ClientConnectConfig | undefined {
  const variable = chosenBy(environment);
  if (variable === undefined) return undefined;
  const set = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  let configuration: ClientConnectConfig;
  try {
    configuration = toClientOptions(loadClientConfigProfile({ overrideEnvVars: Object.fromEntries(set) }));
  } catch (error) {
    const { message } = error as Error;
    throw misconfigured(`Temporal's configuration (${variable}) cannot be used: ${message}.`, error);
  }
  if (configuration.connectionOptions.address !== undefined) return configuration;
  throw misconfigured(`${variable} is set and names no address; set TEMPORAL_ADDRESS too.`);
}

/** gRPC statuses that refuse the caller. */
const REFUSALS = ['PERMISSION_DENIED', 'UNAUTHENTICATED'] as const;

/** What an external server needs; `namespace` is the resolved one. */
export interface ExternalServerOptions {
  readonly namespace: string;
  readonly searchAttributes: SearchAttributes;
  readonly connectionOptions: TemporalConnectionOptions;
  readonly report: (line: string) => void;
  readonly signal: AbortSignal | undefined;
  readonly patience: Patience;
}

/**
 * Waits until the configured server answers and has the namespace, and registers search attributes that are missing
 * there; it creates nothing else. Throws `TEMPORAL_UNREACHABLE`, `TEMPORAL_DENIED`, `TEMPORAL_NAMESPACE_MISSING` or
 * `TEMPORAL_SEARCH_ATTRIBUTES`.
 */
export async function openExternalServer(options: ExternalServerOptions): Promise<TemporalServer> {
  const { connectionOptions, namespace, searchAttributes, signal, patience } = options;
  const address = connectionOptions.address ?? '';
  const source = `the server at ${address}, from Temporal's environment configuration`;
  options.report(`Using ${source}, namespace ${namespace}.`);
  const connection = await connect(address, connectionOptions, patience.connectMs);
  try {
    await waitForNamespace(connection, namespace, patience.namespaceMs, signal);
    await ensureSearchAttributes(connection, namespace, searchAttributes, signal);
  } catch (error) {
    throw hasGrpcStatus(error, ...REFUSALS) ? denied(address, error) : error;
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
  connectTimeout: number,
): Promise<Connection> {
  try {
    return await Connection.connect({ ...options, connectTimeout });
  } catch (error) {
    throw hasGrpcStatus(error, ...REFUSALS) ? denied(address, error) : unreachable(address, error);
  }
}

function misconfigured(message: string, cause?: unknown): TemporalServerError {
  return new TemporalServerError(TEMPORAL_SERVER_ERROR_CODES.CONFIGURATION, message, { cause });
}

function denied(address: string, cause: unknown): TemporalServerError {
  return new TemporalServerError(
    TEMPORAL_SERVER_ERROR_CODES.DENIED,
    `The Temporal server at ${address} refuses these credentials (${describeGrpcError(cause)}); check TEMPORAL_API_KEY or the TEMPORAL_TLS_ certificate and TEMPORAL_NAMESPACE.`,
    { cause },
  );
}

function unreachable(address: string, cause: unknown): TemporalServerError {
  return new TemporalServerError(
    TEMPORAL_SERVER_ERROR_CODES.UNREACHABLE,
    `No Temporal server answers at ${address} (${describeGrpcError(cause)}); start it, correct TEMPORAL_ADDRESS or TEMPORAL_TLS, or unset TEMPORAL_ADDRESS to let Certline run its own.`,
    { cause },
  );
}
