import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Monitor } from './monitor.ts';

/** The text format of Prometheus. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Prometheus gives up after 10 s. */
const REQUEST_PATIENCE_MS = 10_000;

export interface MonitorServerOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
  readonly role: string;
  readonly monitor: Monitor;
  /** The metrics of the Temporal SDK as text, which follow ours. */
  readonly sdkMetrics: () => Promise<string>;
}

export interface MonitorServer {
  /** `host:port` where it answers. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Answers GET /metrics, /healthz (the process works) and /readyz (so does the role; else 503 and why). It changes nothing and
 * asks nobody who they are. Throws MONITOR_ADDRESS where the address cannot be used.
 */
export async function serveMonitor(options: MonitorServerOptions): Promise<MonitorServer> {
  const { host, port } = hostAndPort(options.address);
  const server = createServer((request, response) => {
    void answer(options, request, response);
  });
  server.requestTimeout = REQUEST_PATIENCE_MS;
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new MonitorAddressError(options.address, code === '' ? message : code);
  }
  // It must not keep a process alive that has nothing else to do.
  server.unref();
  const bound = server.address() as AddressInfo;
  return {
    address: bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Another process has the address, or it is not one of this host. */
export class MonitorAddressError extends Error {
  override readonly name = 'MonitorAddressError';
  readonly code = 'MONITOR_ADDRESS';

  constructor(address: string, why: string) {
    super(
      `The metrics cannot be served on ${address} (${why}): give each role on this host an address of its own, in "metrics" of the configuration or in CERTLINE_METRICS.`,
    );
  }
}

async function answer(
  { monitor, role, sdkMetrics }: MonitorServerOptions,
  { method, url = '/' }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return reply(response, 405, 'Only GET.\n');
  switch (url.split('?', 1)[0]) {
    case '/metrics':
      return reply(response, 200, await allMetrics(monitor, sdkMetrics), METRICS_TYPE);
    case '/healthz':
      return json(response, 200, { status: 'ok', role, pid: process.pid, uptimeSeconds: process.uptime() });
    case '/readyz': {
      const standing = await monitor.readiness.look();
      return json(response, standing.ready ? 200 : 503, { role, ...standing });
    }
    default:
      return reply(response, 404, 'Only /metrics, /healthz and /readyz are here.\n');
  }
}

/** Ours are there also while the SDK's are not. */
async function allMetrics(monitor: Monitor, sdkMetrics: () => Promise<string>): Promise<string> {
  const [own, sdk] = await Promise.allSettled([monitor.metrics.text(), sdkMetrics()]);
  if (own.status === 'rejected') throw own.reason;
  return sdk.status === 'fulfilled' ? `${own.value}${sdk.value}` : own.value;
}

function json(response: ServerResponse, status: number, value: object): void {
  reply(response, status, `${JSON.stringify(value)}\n`, 'application/json');
}

function reply(
  response: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
}

/** Of an address that the configuration has checked. */
function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(`tcp://${address}`);
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}
