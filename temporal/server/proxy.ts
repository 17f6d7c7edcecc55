import { BlockList, isIP } from 'node:net';
import { canonicalHost, isLoopback, placeOf } from './address.ts';
import type { Place } from './address.ts';
import type { TemporalConnectionOptions } from './temporal-server.ts';
import { TEMPORAL_SERVER_ERROR_CODES, TemporalServerError } from '../program/temporal-server-error.ts';

/** Where a proxy is named, the first one first. `http_proxy` is for `http://` addresses, and Temporal's is none. */
const VARIABLES = ['grpc_proxy', 'https_proxy', 'HTTPS_PROXY'];

const EXCEPTIONS = ['no_proxy', 'NO_PROXY'];

const NO_ADDRESS = 'is not an address like http://proxy.example:3128';

/**
 * The proxy on the way to this place, for clients and workers alike; undefined where there is none. Nothing goes
 * to this host by way of another. Throws TEMPORAL_CONFIGURATION for a proxy that cannot be used.
 */
export function proxyFor(place: Place, environment: NodeJS.ProcessEnv): TemporalConnectionOptions['proxy'] {
  const variable = VARIABLES.find((name) => (environment[name] ?? '') !== '');
  if (variable === undefined || isLoopback(place.host) || isExcepted(place, environment)) return undefined;
  const named = environment[variable]!;
  const text = named.includes('://') ? named : `http://${named}`;
  if (!URL.canParse(text)) throw unusable(variable, NO_ADDRESS);
  const { protocol, hostname, port, username, password } = new URL(text);
  if (protocol !== 'http:')
    throw unusable(variable, `begins with ${protocol}//, and only http:// proxies can be used`);
  const targetHost = `${hostname}:${port === '' ? '80' : port}`;
  if (placeOf(targetHost) === undefined) throw unusable(variable, NO_ADDRESS);
  if (username === '') return { type: 'http-connect', targetHost };
  const basicAuth = {
    username: decoded(variable, username),
    password: decoded(variable, password),
  };
  return { type: 'http-connect', targetHost, basicAuth };
}

function decoded(variable: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unusable(variable, 'has a "%" in its user or password that begins no escape: write it as %25');
  }
}

/** `*`, a host, a domain with all hosts in it, an IP address, each also with a port, or a block of addresses. */
function isExcepted(place: Place, environment: NodeJS.ProcessEnv): boolean {
  const list = EXCEPTIONS.map((name) => environment[name] ?? '').find((text) => text !== '') ?? '';
  return list
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => entry === '*' || isInBlock(place, entry) || isNamed(place, entry));
}

/** A bare IPv6 address has colons and no port. */
function isNamed({ host, port }: Place, entry: string): boolean {
  const isAddress = isIP(entry) !== 0;
  const [, name = '', ofPort] = isAddress ? [entry, entry] : (/^(.*?)(?::(\d+))?$/.exec(entry) ?? []);
  if (ofPort !== undefined && Number(ofPort) !== port) return false;
  const domain = canonicalHost(name.replace(/^\*?\./, ''));
  return domain !== undefined && (host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`)));
}

/** CIDR, as in `10.0.0.0/8`. */
function isInBlock({ host }: Place, entry: string): boolean {
  const [, network = '', bits = ''] = /^([^/]+)\/(\d+)$/.exec(entry) ?? [];
  const family = isIP(network);
  const most = family === 4 ? 32 : 128;
  if (family === 0 || isIP(host) !== family || Number(bits) > most) return false;
  const block = new BlockList();
  block.addSubnet(network, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return block.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** What is in the variable may be a password. */
function unusable(variable: string, why: string): TemporalServerError {
  const message = `The proxy in ${variable} cannot be used for the Temporal server: it ${why}. Correct it, or add the server to no_proxy.`;
  return new TemporalServerError(TEMPORAL_SERVER_ERROR_CODES.CONFIGURATION, message);
}
