import type { Connection } from '@temporalio/client';
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { chosenBy } from './chosen-server.ts';
import { openClientConnection } from './client-connection.ts';
import { describeGrpcError, hasGrpcStatus } from './grpc-status.ts';
import { waitForNamespace } from './namespace-wait.ts';
import type { Patience } from './patience.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { plaintextWarning } from './plaintext.ts';
import { proxyFor } from './proxy.ts';
import { Obstacle, reachServer } from './reach.ts';
import type { SearchAttributes } from './search-attributes.ts';
import type { TemporalConnectionOptions, TemporalServer } from './temporal-server.ts';
import { TEMPORAL_SERVER_ERROR_CODES, TemporalServerError } from '../program/temporal-server-error.ts';

/** A server that the environment chooses, with the proxy on the way to it. */
export interface ExternalConfiguration extends Omit<ClientConnectConfig, 'connectionOptions'> {
  readonly connectionOptions: TemporalConnectionOptions;
}

/**
 * The server that Temporal's environment configuration names, TLS, API key and namespace included; `undefined` when
 * the environment chooses none. Throws `TEMPORAL_CONFIGURATION` when it cannot be read or has no address.
 */
export function externalConfiguration(environment: NodeJS.ProcessEnv): ExternalConfiguration | undefined {
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
  const { connectionOptions } = configuration;
  const { address } = connectionOptions;
  if (address === undefined)
    throw misconfigured(`${variable} is set and names no address; set TEMPORAL_ADDRESS too.`);
  const proxy = proxyFor(address, environment);
  return { ...configuration, connectionOptions: { ...connectionOptions, ...(proxy && { proxy }) } };
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
    throw hasGrpcStatus(error, ...REFUSALS) ? denied(address, connectionOptions, error) : error;
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

function misconfigured(message: string, cause?: unknown): TemporalServerError {
  return new TemporalServerError(TEMPORAL_SERVER_ERROR_CODES.CONFIGURATION, message, { cause });
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
