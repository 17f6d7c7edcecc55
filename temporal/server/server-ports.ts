import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { UiInside } from './ui-guard.ts';

/** A TCP port number. */
export const tcpPort = z.int().min(1).max(65_535);

/** The two ports of a dev server on the loopback interface. */
export const serverPorts = z.object({ frontend: tcpPort, ui: tcpPort }).readonly();

/** See {@link serverPorts}. */
export type ServerPorts = z.infer<typeof serverPorts>;

/** Temporal's own defaults, which tools and people expect. */
const DEFAULT_PORTS: ServerPorts = { frontend: 7233, ui: 8233 };

/** The first pair of `preferred` and Temporal's default whose ports are both free, else two free ports. */
export async function chooseServerPorts(preferred: readonly ServerPorts[]): Promise<ServerPorts> {
  for (const ports of [...preferred, DEFAULT_PORTS]) {
    if ((await isFree(ports.frontend)) && (await isFree(ports.ui))) return ports;
  }
  const [frontend, ui] = [await freePort(), await freePort()];
  return { frontend, ui };
}

/**
 * Where the server itself serves its page. Linux has all of 127.0.0.0/8 on the loopback interface: among its 16 million
 * addresses and 64 thousand ports no web page finds this one. Elsewhere only the port is random.
 */
export async function choosePlaceInside(): Promise<UiInside> {
  const octet = (): number => randomInt(1, 255);
  const host = process.platform === 'linux' ? `127.${octet()}.${octet()}.${octet()}` : '127.0.0.1';
  return { host, port: await freePort(host) };
}

/** A TCP port that nobody listens on now, for a program that cannot choose one itself. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  return await listenOnce(0, host);
}

async function isFree(port: number): Promise<boolean> {
  try {
    await listenOnce(port);
    return true;
  } catch {
    return false;
  }
}

/** Binds the port (0: any) on the loopback interface, closes it, and returns its number. */
async function listenOnce(port: number, host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : port));
    });
  });
}
