// One simulator per directory. The lock is a listening socket, because the kernel lets go of it however the process dies.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { realpathSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SimulatorError } from '../simulator-error.ts';

/** What the address of a local socket holds on every system (104 bytes on macOS, 108 on Linux, NUL included). */
const ADDRESS_MAX = 100;

/** In the directory itself, so that it goes with it; in the temporary folder where that path is too long for an address. */
function socketPath(directory: string): string {
  const real = realpathSync(directory);
  const inside = join(real, 'line.lock');
  if (Buffer.byteLength(inside) <= ADDRESS_MAX) return inside;
  const name = createHash('sha256').update(real).digest('hex').slice(0, 24);
  return join(tmpdir(), `certline-line-${name}.sock`);
}

async function isAnswering(path: string): Promise<boolean> {
  const client = connect(path);
  try {
    await once(client, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    client.destroy();
  }
}

async function listen(path: string): Promise<Server> {
  const server = createServer((client) => client.destroy());
  server.unref();
  await once(server.listen(path), 'listening');
  return server;
}

/** Takes the directory for this process, until `release()` or its end; throws SIMULATOR_DIRECTORY_IN_USE. */
export async function lockDirectory(directory: string): Promise<{ release: () => void }> {
  const path = socketPath(directory);
  if (await isAnswering(path)) {
    const message = `Another simulator runs on ${directory}; stop it, or give this one a directory of its own.`;
    throw new SimulatorError('SIMULATOR_DIRECTORY_IN_USE', message);
  }
  rmSync(path, { force: true });
  const server = await listen(path);
  return { release: () => void server.close() };
}
