import { isIP } from 'node:net';
import type { TemporalConnectionOptions } from './temporal-server.ts';

/**
 * A sentence about a connection that leaves this host without TLS, where everybody on the way can read and change what
 * is sent; `undefined` for any other connection. `address` is `host:port`.
 */
export function plaintextWarning(address: string, options: TemporalConnectionOptions): string | undefined {
  // An API key switches TLS on, as Temporal's SDK does.
  if ((options.tls ?? options.apiKey !== undefined) !== false || isLoopback(address)) return undefined;
  return `The connection to ${address} has no TLS: anybody on the network can read it and take part in it. Set up mutual TLS (docs/deployment.md) and the TEMPORAL_TLS_ variables.`;
}

/** RFC 6890: 127.0.0.0/8 and ::1; RFC 6761 §6.3: localhost. */
export function isLoopback(address: string): boolean {
  const host = address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
