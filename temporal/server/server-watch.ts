import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { openClientConnection } from './client-connection.ts';
import { externalConfiguration } from './external-server.ts';
import { describeGrpcError } from './grpc-status.ts';
import type { TemporalConnectionOptions } from './temporal-server.ts';
import { TEMPORAL_SERVER_ERROR_CODES, TemporalServerError } from '../program/temporal-server-error.ts';

/** How often the server is asked, and for how long it may be silent. */
export interface WatchPace {
  readonly everyMs: number;
  readonly connectMs: number;
  readonly silentMs: number;
}

/** A role that cannot work ends within a minute: 40 s of silence, and at most 15 s more until the last question. */
const PACE: WatchPace = { everyMs: 10_000, connectMs: 5_000, silentMs: 40_000 };

export interface ServerWatch {
  /** Rejects with TEMPORAL_LOST when this process must end and start again; never resolves. */
  readonly lost: Promise<never>;
  readonly stop: () => void;
}

/**
 * Watches the server of the environment on behalf of a role, whose connections keep the credentials that they were made with. It does
 * nothing where the environment names no server. When the credentials on disk are others, `renew` gets them. `lost` rejects when
 * that fails, and when no new connection comes about for too long: the server is gone, the certificate expired, or the API key
 * was refused.
 */
export function watchExternalServer(
  environment: NodeJS.ProcessEnv,
  renew: (options: TemporalConnectionOptions) => Promise<void>,
  pace: WatchPace = PACE,
): ServerWatch {
  const stopped = new AbortController();
  const lost = watch(environment, renew, pace, stopped.signal);
  // The one who runs the role waits for it; until then a rejection must not end the process.
  lost.catch(() => undefined);
  return { lost, stop: () => stopped.abort() };
}

async function watch(
  environment: NodeJS.ProcessEnv,
  renew: (options: TemporalConnectionOptions) => Promise<void>,
  pace: WatchPace,
  signal: AbortSignal,
): Promise<never> {
  const atStart = optionsOf(environment);
  // A server of this host's own line: the process that owns it watches it.
  if (atStart === undefined) return await forever();
  let inUse = fingerprintOf(atStart);
  let answeredAt = Date.now();
  let previous = inUse;
  for (;;) {
    await delay(pace.everyMs, undefined, { signal, ref: false }).catch(async () => await forever());
    const options = optionsOf(environment);
    const current = options === undefined ? previous : fingerprintOf(options);
    const failure = await failureOf(options ?? atStart, pace.connectMs);
    // Certificate and key are two files: new ones are in place once they work, and are the same at two looks.
    if (options !== undefined && current !== inUse && current === previous && failure === undefined) {
      await renew(options).catch((error: unknown) => {
        throw notRenewed(options, error);
      });
      inUse = current;
    }
    previous = current;
    if (failure === undefined) answeredAt = Date.now();
    else if (Date.now() - answeredAt > pace.silentMs) throw silent(atStart, Date.now() - answeredAt, failure);
  }
}

/** `undefined` while the files cannot be read: they are being replaced. */
function optionsOf(environment: NodeJS.ProcessEnv): TemporalConnectionOptions | undefined {
  try {
    return externalConfiguration(environment)?.connectionOptions;
  } catch {
    return undefined;
  }
}

/** Of the address and everything that the server is shown. */
function fingerprintOf(options: TemporalConnectionOptions | undefined): string {
  const shown = JSON.stringify(options, (_, value: unknown) =>
    typeof value === 'function' ? undefined : value,
  );
  return createHash('sha256')
    .update(shown ?? '')
    .digest('hex');
}

/** Why no connection comes about; a new one each time, since an open one outlives its certificate. */
async function failureOf(
  options: TemporalConnectionOptions,
  connectTimeout: number,
): Promise<string | undefined> {
  try {
    const connection = await openClientConnection(options, connectTimeout);
    await connection.close();
    return undefined;
  } catch (error) {
    return describeGrpcError(error);
  }
}

function notRenewed({ address = '' }: TemporalConnectionOptions, cause: unknown): TemporalServerError {
  const message = `The credentials for the Temporal server at ${address} were replaced, and this process cannot continue with the new ones (${describeGrpcError(cause)}): it ends so that its supervisor starts it again.`;
  return new TemporalServerError(TEMPORAL_SERVER_ERROR_CODES.LOST, message, { cause });
}

function silent(options: TemporalConnectionOptions, ms: number, failure: string): TemporalServerError {
  const message = `No connection to the Temporal server at ${options.address ?? ''} for ${Math.round(ms / 1_000)} s (${failure}): this process ends so that its supervisor starts it again. Check the server, the network, and the credentials in the TEMPORAL_ variables.`;
  return new TemporalServerError(TEMPORAL_SERVER_ERROR_CODES.LOST, message);
}

async function forever(): Promise<never> {
  return await new Promise<never>(() => undefined);
}
