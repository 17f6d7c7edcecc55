import { Connection } from '@temporalio/client';
import type { TemporalConnectionOptions } from './temporal-server.ts';

/**
 * Connects a client the way that workers connect with the same options: by their proxy, and by no other that the environment
 * may name. Throws what the client throws.
 */
export async function openClientConnection(
  { proxy, address, ...options }: TemporalConnectionOptions,
  connectTimeout?: number,
): Promise<Connection> {
  const timeout = connectTimeout === undefined ? {} : { connectTimeout };
  if (proxy === undefined || address === undefined) {
    const channelArgs = { 'grpc.enable_http_proxy': 0 };
    return await Connection.connect({ ...options, ...timeout, ...(address && { address }), channelArgs });
  }
  const { targetHost, basicAuth } = proxy;
  // The channel's own words for a proxy that it found in the environment.
  const channelArgs = {
    'grpc.enable_http_proxy': 0,
    'grpc.http_connect_target': `dns:${address}`,
    'grpc.default_authority': address,
    ...(basicAuth && { 'grpc.http_connect_creds': `${basicAuth.username}:${basicAuth.password}` }),
  };
  return await Connection.connect({ ...options, ...timeout, address: targetHost, channelArgs });
}
