import { SmpClient } from '../../smp/client/client.ts';
import { openSerialLink } from '../../smp/links/serial-link.ts';
import type { Invocation } from '../invocation.ts';
import { stopSignal } from '../stop-signal.ts';
import { boardFailure } from './board-failure.ts';
import { boardPort } from './board-port.ts';
import { CredentialFiles } from '../../fixtures/board/credential-files.ts';

/** Options of every command about a board. */
export interface BoardOptions {
  /** Bits per second; else as configured for the port, else 115200. */
  readonly baud?: number;
  readonly json?: boolean;
}

/** A board that answers. */
export interface BoardSession {
  readonly client: SmpClient;
  /** The path of its port. */
  readonly port: string;
  readonly credentials: CredentialFiles;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A board that resets when its port opens needs up to 2 s to boot, a slow one up to 5 s for an answer. */
const CONNECT_BUDGET_MS = 7_500;

/** One for the whole process, though a board may be opened again and again. */
let stopping: AbortSignal | undefined;

/**
 * Opens the port that `name` stands for, waits until the board answers, lets `work` talk to it, and leaves the port
 * closed. Throws `portMissing`, `portBusy`, `usage`, `interrupted`, or SMP_… errors.
 */
export async function withBoard<Result>(
  { config }: Invocation,
  name: string,
  options: BoardOptions,
  work: (session: BoardSession) => Promise<Result>,
): Promise<Result> {
  const port = await boardPort(name);
  stopping ??= stopSignal();
  const signal = stopping;
  const sockets = config.stations.flatMap((station) => station.sockets);
  const baudRate = options.baud ?? sockets.find((socket) => socket.port === port)?.baudRate;
  try {
    const client = await connect(port, baudRate, signal);
    try {
      return await work({ client, port, credentials: new CredentialFiles(config.products), signal });
    } finally {
      await client.close();
    }
  } catch (error) {
    throw boardFailure(error, port);
  }
}

async function connect(path: string, baudRate: number | undefined, signal: AbortSignal): Promise<SmpClient> {
  const client = new SmpClient(await openSerialLink({ path, ...(baudRate !== undefined && { baudRate }) }));
  try {
    await client.connect({ signal, budgetMs: CONNECT_BUDGET_MS });
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}
