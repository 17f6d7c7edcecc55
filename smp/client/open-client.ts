import { SmpClient } from './client.ts';
import type { SmpClientOptions } from './client.ts';
import type { Link } from '../links/link.ts';
import { openSerialLink } from '../links/serial-link.ts';
import type { SerialLinkOptions } from '../links/serial-link.ts';

/** How to reach a board: the port, how to talk on it, and how long to look for the board. */
export interface OpenClientOptions {
  readonly port: SerialLinkOptions;
  readonly client?: SmpClientOptions;
  readonly signal?: AbortSignal;
  /** Milliseconds in which the board must answer; default 10,000. */
  readonly budgetMs?: number;
}

/** A board that answers, and the link to it. */
export interface OpenedClient {
  readonly client: SmpClient;
  readonly link: Link;
}

/** Opens the port and waits for the board. Rejects with LINK_… and SMP_… errors, and leaves the port closed then. */
export async function openClient(options: OpenClientOptions): Promise<OpenedClient> {
  const { port, signal, budgetMs } = options;
  const link = await openSerialLink(port);
  const client = new SmpClient(link, options.client);
  try {
    await client.connect({ ...(signal && { signal }), ...(budgetMs !== undefined && { budgetMs }) });
    return { client, link };
  } catch (error) {
    await client.close();
    throw error;
  }
}
