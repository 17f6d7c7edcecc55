import type { SmpClient } from '../../smp/client/client.ts';
import { openClient } from '../../smp/client/open-client.ts';
import type { OpenClientOptions } from '../../smp/client/open-client.ts';
import type { Invocation } from '../invocation.ts';
import { stopSignal } from '../stop-signal.ts';
import { boardFailure } from './board-failure.ts';
import { boardPort } from './board-port.ts';
import { CredentialFiles } from '../../fixtures/board/credential-files.ts';

/** Options of every command about a board. */
export interface BoardOptions {
  /** Bits per second; else as configured for the port, else 115200. */
  readonly baud?: number;
  /** Seconds for the board to be found, and for each of its answers; else by what the board has to do. */
  readonly timeout?: number;
  /** Levels of these lines once the port is open; else left to the operating system. */
  readonly dtr?: boolean;
  readonly rts?: boolean;
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
  const configured = sockets.find((socket) => socket.port === port)?.baudRate;
  try {
    const { client } = await openClient(openingOf(port, configured, options, signal));
    try {
      return await work({ client, port, credentials: new CredentialFiles(config.products), signal });
    } finally {
      await client.close();
    }
  } catch (error) {
    throw boardFailure(error, port);
  }
}

function openingOf(
  path: string,
  configuredRate: number | undefined,
  { baud, timeout, dtr, rts }: BoardOptions,
  signal: AbortSignal,
): OpenClientOptions {
  const baudRate = baud ?? configuredRate;
  const limitMs = timeout === undefined ? undefined : timeout * 1_000;
  return {
    port: {
      path,
      ...(baudRate !== undefined && { baudRate }),
      ...(dtr !== undefined && { dtr }),
      ...(rts !== undefined && { rts }),
    },
    client: limitMs === undefined ? {} : { answerLimitMs: limitMs },
    signal,
    budgetMs: limitMs ?? CONNECT_BUDGET_MS,
  };
}
