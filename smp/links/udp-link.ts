import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Link } from './link.ts';
import { SmpError } from '../smp-error.ts';

/** A board with an SMP server on UDP, as Zephyr's native_sim and network bridges have it. */
export interface UdpLinkOptions {
  /** Name or address. */
  host: string;
  /** Default 1337, CONFIG_MCUMGR_TRANSPORT_UDP_PORT. */
  port?: number;
}

/**
 * A link that carries one SMP message a datagram; use it with `DATAGRAM_FRAMING`. UDP knows no connection: a board
 * that is absent shows as `SMP_TIMEOUT`. Rejects with `LINK_NOT_FOUND` for a name that does not exist.
 */
export async function openUdpLink(options: UdpLinkOptions): Promise<Link> {
  const { host, port = 1337 } = options;
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  socket.connect(port, host);
  try {
    await once(socket, 'connect');
  } catch (cause) {
    socket.close();
    throw new SmpError('LINK_NOT_FOUND', `udp ${host}:${port}: there is no such host`, { cause });
  }
  return new UdpLink(socket, `udp ${host}:${port}`);
}

class UdpLink implements Link {
  readonly name: string;
  readonly #socket: Socket;
  readonly #byteListeners = new Set<(bytes: Uint8Array) => void>();
  readonly #closedListeners = new Set<(cause: Error | undefined) => void>();
  #closed: Promise<void> | undefined;

  constructor(socket: Socket, name: string) {
    this.name = name;
    this.#socket = socket;
    socket.on('message', (bytes) => {
      for (const listener of this.#byteListeners) listener(bytes);
      bytes.fill(0);
    });
    // ECONNREFUSED: nobody listens there now. The board may be booting; a timeout reports it if not.
    socket.on('error', () => undefined);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#closed !== undefined) throw new SmpError('LINK_LOST', `${this.name}: the link was closed`);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.send(bytes, () => resolve());
    await promise;
  }

  onBytes(listener: (bytes: Uint8Array) => void): () => void {
    this.#byteListeners.add(listener);
    return () => this.#byteListeners.delete(listener);
  }

  onClosed(listener: (cause: Error | undefined) => void): () => void {
    this.#closedListeners.add(listener);
    return () => this.#closedListeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed ??= this.#end();
    await this.#closed;
  }

  async #end(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.close(() => resolve());
    await promise;
    for (const listener of this.#closedListeners) listener(undefined);
  }
}
