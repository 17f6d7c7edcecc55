import { isIP } from 'node:net';

/** Where a server or a proxy is: a name, or an IP address without brackets, and a port. One place has one spelling. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

const ADDRESS = /^(?<host>\[[\da-f:.]+\]|[^\s:/?#@%\\[\]]+):(?<port>\d{1,5})$/i;

const PORT_MAX = 65_535;

/** IPv4 in IPv6 (RFC 4291 §2.5.5.2), as URLs spell it. */
const MAPPED = /^::ffff:(?<high>[\da-f]{1,4}):(?<low>[\da-f]{1,4})$/;

/** `host:port`; an IPv6 address is in brackets. Undefined for anything else. */
export function placeOf(address: string): Place | undefined {
  const { host = '', port = '' } = ADDRESS.exec(address)?.groups ?? {};
  const canonical = canonicalHost(host);
  const number = Number(port);
  if (canonical === undefined || number < 1 || number > PORT_MAX) return undefined;
  return { host: canonical, port: number };
}

/**
 * A host in the one spelling that all its spellings share: `LOCALHOST.` is `localhost`, `127.1` and `[::ffff:127.0.0.1]` are
 * `127.0.0.1`. Undefined where it is none. An IPv6 address may have brackets.
 */
export function canonicalHost(host: string): string | undefined {
  const url = `http://${isIP(host) === 6 ? `[${host}]` : host}`;
  if (host === '' || !URL.canParse(url)) return undefined;
  const spelled = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  const { high, low } = MAPPED.exec(spelled)?.groups ?? {};
  if (high === undefined || low === undefined) return spelled;
  return [high, low].flatMap((half) => [parseInt(half, 16) >> 8, parseInt(half, 16) & 0xff]).join('.');
}

/** As it is written before a port. */
export function bracketed(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/**
 * RFC 6890: 127.0.0.0/8 and ::1, and the unspecified addresses, which lead to this host; RFC 6761 §6.3: localhost and all names
 * in it.
 */
export function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.') || host === '0.0.0.0';
  return host === '::1' || host === '::' || host === 'localhost' || host.endsWith('.localhost');
}
