import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import type { ClientConfigProfile } from '@temporalio/envconfig';
import { placeOf } from './address.ts';
import { chosenBy } from './chosen-server.ts';
import { clientPairFault } from './client-pair.ts';
import { proxyFor } from './proxy.ts';
import type { TemporalConnectionOptions } from './temporal-server.ts';
import { TEMPORAL_SERVER_ERROR_CODES, TemporalServerError } from '../program/temporal-server-error.ts';

/** A server that the environment chooses, with the proxy on the way to it. */
export interface ExternalConfiguration {
  readonly namespace: string;
  readonly connectionOptions: TemporalConnectionOptions;
}

/** The one kind of variable of which an empty one says something: it removes what a profile has. */
const METADATA = 'TEMPORAL_GRPC_META_';

/** Temporal's configuration takes anything else for `false`. */
const SWITCHES = ['TEMPORAL_TLS', 'TEMPORAL_TLS_DISABLE_HOST_VERIFICATION'];
const SWITCHED = ['true', 'false', '1', '0'];

/** What gRPC can send as metadata. */
const SENDABLE = /^[ -~]*$/;

/**
 * The server that Temporal's environment configuration names, TLS, API key and namespace included; `undefined` when
 * the environment chooses none. Throws `TEMPORAL_CONFIGURATION` when it cannot be read, has no address, or cannot work.
 */
export function externalConfiguration(environment: NodeJS.ProcessEnv): ExternalConfiguration | undefined {
  const variable = chosenBy(environment);
  if (variable === undefined) return undefined;
  try {
    return readConfiguration(variable, environment);
  } catch (error) {
    if (error instanceof TemporalServerError) throw error;
    throw misconfigured(
      `Temporal's configuration (${variable}) cannot be used: ${whyUnreadable(error as Error)}.`,
    );
  }
}

function readConfiguration(variable: string, environment: NodeJS.ProcessEnv): ExternalConfiguration {
  const set = setVariables(environment);
  const wrong = SWITCHES.find((name) => set[name] !== undefined && !SWITCHED.includes(set[name]));
  if (wrong !== undefined) throw misconfigured(`${wrong} must be one of ${SWITCHED.join(', ')}.`);
  const profile = withoutLineEnd(loadClientConfigProfile({ overrideEnvVars: set }));
  const fault = unsendable(profile) ?? clientPairFault(profile.tls);
  if (fault !== undefined) throw misconfigured(fault);
  const { connectionOptions, namespace = 'default' } = toClientOptions(profile);
  const { address } = connectionOptions;
  if (address === undefined)
    throw misconfigured(`${variable} is set and names no address; set TEMPORAL_ADDRESS too.`);
  const place = placeOf(address);
  if (place === undefined)
    throw misconfigured(
      `${JSON.stringify(address)} is no address of a Temporal server: set TEMPORAL_ADDRESS to one like temporal.example:7233, or [2001:db8::1]:7233.`,
    );
  const proxy = proxyFor(place, environment);
  const options = { ...connectionOptions, address: withoutLastDot(address), ...(proxy && { proxy }) };
  return { namespace, connectionOptions: options };
}

/** A name may end with a dot in DNS. In TLS it may not (RFC 6066 §3), and many hosts do not know `localhost.`. */
function withoutLastDot(address: string): string {
  return address.replace(/\.(?=:\d+$)/, '');
}

/** Compose and environment files make an empty variable of one that is not set. */
function setVariables(environment: NodeJS.ProcessEnv): Record<string, string> {
  const isSet = (entry: [string, string | undefined]): entry is [string, string] =>
    entry[1] !== undefined && (entry[1] !== '' || entry[0].startsWith(METADATA));
  return Object.fromEntries(Object.entries(environment).filter(isSet));
}

/** A file that an API key was read from ends with one. */
function withoutLineEnd(profile: ClientConfigProfile): ClientConfigProfile {
  const { apiKey } = profile;
  return apiKey === undefined ? profile : { ...profile, apiKey: apiKey.replace(/\r?\n$/, '') };
}

/** gRPC would say so itself, and repeat the secret. */
function unsendable({ apiKey, grpcMeta = {} }: ClientConfigProfile): string | undefined {
  const says =
    'contains a character that cannot be sent, such as a line break or a letter that is not ASCII: correct it.';
  if (apiKey !== undefined && !SENDABLE.test(apiKey)) return `The API key in TEMPORAL_API_KEY ${says}`;
  const wrong = Object.entries(grpcMeta).find(([, value]) => !SENDABLE.test(value));
  return wrong && `The metadata ${wrong[0]} (${METADATA}…) ${says}`;
}

/**
 * Below its first line, an error of TOML shows a part of the file, which may have an API key in it. Of a file without any profile
 * the SDK says that it cannot read a property.
 */
function whyUnreadable(error: Error & { readonly line?: number }): string {
  if (error instanceof TypeError) return 'its file has no profile';
  const [first = ''] = error.message.split('\n');
  return error.line === undefined ? first : `${first} in line ${error.line}`;
}

function misconfigured(message: string): TemporalServerError {
  return new TemporalServerError(TEMPORAL_SERVER_ERROR_CODES.CONFIGURATION, message);
}
