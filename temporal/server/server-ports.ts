import { createServer } from 'node:net';
import { z } from 'zod';

const tcpPort = z.int().min(1).max(65_535);

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
  const [frontend, ui] = [await listenOnce(0), await listenOnce(0)];
  return { frontend, ui };
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
async function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : port));
    });
  });
}
