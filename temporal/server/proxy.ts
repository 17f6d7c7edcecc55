import { isLoopback } from './plaintext.ts';
import type { TemporalConnectionOptions } from './temporal-server.ts';
import { TEMPORAL_SERVER_ERROR_CODES, TemporalServerError } from '../program/temporal-server-error.ts';

/** Where a proxy is named, the first one first. `http_proxy` is for `http://` addresses, and Temporal's is none. */
const VARIABLES = ['grpc_proxy', 'https_proxy', 'HTTPS_PROXY'];

const EXCEPTIONS = ['no_proxy', 'NO_PROXY'];

/**
 * The proxy on the way to this address (`host:port`), for clients and workers alike; undefined where there is none. Nothing goes
 * to this host by way of another. Throws TEMPORAL_CONFIGURATION for a proxy that cannot be used.
 */
export function proxyFor(
  address: string,
  environment: NodeJS.ProcessEnv,
): TemporalConnectionOptions['proxy'] {
  const variable = VARIABLES.find((name) => (environment[name] ?? '') !== '');
  if (variable === undefined || isLoopback(address) || isExcepted(address, environment)) return undefined;
  const named = environment[variable]!;
  const text = named.includes('://') ? named : `http://${named}`;
  if (!URL.canParse(text)) throw unusable(variable, 'is not an address like http://proxy.example:3128');
  const { protocol, hostname, port, username, password } = new URL(text);
  if (protocol !== 'http:')
    throw unusable(variable, `begins with ${protocol}//, and only http:// proxies can be used`);
  const basicAuth =
    username === ''
      ? {}
      : { basicAuth: { username: decodeURIComponent(username), password: decodeURIComponent(password) } };
  return { type: 'http-connect', targetHost: `${hostname}:${port === '' ? '80' : port}`, ...basicAuth };
}

/** `*`, a host, a domain with all hosts in it, each also with a port. */
function isExcepted(address: string, environment: NodeJS.ProcessEnv): boolean {
  const list = EXCEPTIONS.map((name) => environment[name] ?? '').find((text) => text !== '') ?? '';
  const { hostname, port } = new URL(`tcp://${address}`);
  const host = hostname.toLowerCase();
  return list
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = '', ofPort] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
      if (ofPort !== undefined && ofPort !== port) return false;
      const domain = name.replace(/^\*?\./, '');
      return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
    });
}

/** What is in the variable may be a password. */
function unusable(variable: string, why: string): TemporalServerError {
  const message = `The proxy in ${variable} cannot be used for the Temporal server: it ${why}. Correct it, or add the server to no_proxy.`;
  return new TemporalServerError(TEMPORAL_SERVER_ERROR_CODES.CONFIGURATION, message);
}
