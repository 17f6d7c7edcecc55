import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { openClientConnection } from './client-connection.ts';
import { externalConfiguration } from './external-configuration.ts';
import type { ExternalConfiguration } from './external-configuration.ts';
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
 * that fails, and when it cannot work there for too long: the server is gone, the certificate or the API key expired, its rights
 * were withdrawn, or the namespace was deleted.
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
  const chosen = readable(environment);
  // A server of this host's own line: the process that owns it watches it.
  if (chosen === undefined) return await forever();
  const { connectionOptions: atStart, namespace } = chosen;
  let inUse = fingerprintOf(atStart);
  let answeredAt = Date.now();
  let previous = inUse;
  for (;;) {
    await delay(pace.everyMs, undefined, { signal, ref: false }).catch(async () => await forever());
    const options = readable(environment)?.connectionOptions;
    const current = options === undefined ? previous : fingerprintOf(options);
    const failure = await failureOf(options ?? atStart, namespace, pace.connectMs);
    // Certificate and key are two files: new ones are in place once they work, and are the same at two looks.
    if (options !== undefined && current !== inUse && current === previous && failure === undefined) {
      await renew(options).catch((error: unknown) => {
        throw notRenewed(options, error);
      });
      inUse = current;
    }
    previous = current;
    if (failure === undefined) answeredAt = Date.now();
    else if (Date.now() - answeredAt > pace.silentMs) throw silent(chosen, Date.now() - answeredAt, failure);
  }
}

/** `undefined` while the files cannot be read: they are being replaced. */
function readable(environment: NodeJS.ProcessEnv): ExternalConfiguration | undefined {
  try {
    return externalConfiguration(environment);
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

/**
 * Why this process cannot work there. It asks by a new connection each time, since an open one outlives its certificate, and
 * about the namespace, since the server answers anybody who only connects.
 */
async function failureOf(
  options: TemporalConnectionOptions,
  namespace: string,
  patienceMs: number,
): Promise<string | undefined> {
  let connection: Connection | undefined;
  try {
    const { workflowService } = (connection = await openClientConnection(options, patienceMs));
    await connection.withDeadline(Date.now() + patienceMs, () =>
      workflowService.describeNamespace({ namespace }),
    );
    return undefined;
  } catch (error) {
    return describeGrpcError(error);
  } finally {
    await connection?.close();
  }
}

function notRenewed({ address = '' }: TemporalConnectionOptions, cause: unknown): TemporalServerError {
  const message = `The credentials for the Temporal server at ${address} were replaced, and this process cannot continue with the new ones (${describeGrpcError(cause)}): it ends so that its supervisor starts it again.`;
  return new TemporalServerError(TEMPORAL_SERVER_ERROR_CODES.LOST, message, { cause });
}

function silent(
  { connectionOptions, namespace }: ExternalConfiguration,
  ms: number,
  failure: string,
): TemporalServerError {
  const message = `The Temporal server at ${connectionOptions.address ?? ''} has not let this process work in namespace ${namespace} for ${Math.round(ms / 1_000)} s (${failure}): this process ends so that its supervisor starts it again. Check the server, the network, and the namespace and the credentials in the TEMPORAL_ variables.`;
  return new TemporalServerError(TEMPORAL_SERVER_ERROR_CODES.LOST, message);
}

async function forever(): Promise<never> {
  return await new Promise<never>(() => undefined);
}
