import { isLoopback, placeOf } from './address.ts';
import type { TemporalConnectionOptions } from './temporal-server.ts';

/**
 * A sentence about a connection that leaves this host without TLS, where everybody on the way can read and change what
 * is sent; `undefined` for any other connection. `address` is `host:port`.
 */
export function plaintextWarning(address: string, options: TemporalConnectionOptions): string | undefined {
  // An API key switches TLS on, as Temporal's SDK does.
  if ((options.tls ?? options.apiKey !== undefined) !== false) return undefined;
  if (isLoopback(placeOf(address)?.host ?? '')) return undefined;
  return `The connection to ${address} has no TLS: anybody on the network can read it and take part in it. Set up mutual TLS (docs/deployment.md) and the TEMPORAL_TLS_ variables.`;
}
