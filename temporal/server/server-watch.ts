import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { chosenBy } from './chosen-server.ts';
import { openClientConnection } from './client-connection.ts';
import { externalConfiguration } from './external-configuration.ts';
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

/** The connections of the role that is watched. */
export interface WatchedConnections {
  readonly namespace: string;
  /** What the server is shown now. */
  readonly options: TemporalConnectionOptions;
  /** Connects with these options in the place of those before. */
  readonly renew: (options: TemporalConnectionOptions) => Promise<void>;
  /** Receives once why what is on disk now is not used. */
  readonly refused: (says: string) => void;
}

/**
 * Watches the server of the environment on behalf of a role, whose connections keep the credentials that they were made with. It does
 * nothing where the environment names no server. When the credentials on disk are others, and work, `renew` gets them; until then those
 * in use stay. `lost` rejects when that fails, and when neither can work there for too long: the server is gone, the certificate or the
 * API key expired, its rights were withdrawn, or the namespace was deleted.
 */
export function watchExternalServer(
  environment: NodeJS.ProcessEnv,
  connections: WatchedConnections,
  pace: WatchPace = PACE,
): ServerWatch {
  const stopped = new AbortController();
  const lost = watch(environment, connections, pace, stopped.signal);
  // The one who runs the role waits for it; until then a rejection must not end the process.
  lost.catch(() => undefined);
  return { lost, stop: () => stopped.abort() };
}

async function watch(
  environment: NodeJS.ProcessEnv,
  connections: WatchedConnections,
  pace: WatchPace,
  signal: AbortSignal,
): Promise<never> {
  // A server of this host's own line: the process that owns it watches it.
  if (chosenBy(environment) === undefined) return await forever();
  const { namespace } = connections;
  const ask = (options: TemporalConnectionOptions): Promise<string | undefined> =>
    failureOf(options, namespace, pace.connectMs);
  let answeredAt = Date.now();
  // What was found on disk in the place of what is in use: at the last look, and what was said to be of no use.
  let [previous, said]: (string | undefined)[] = [];
  for (;;) {
    await delay(pace.everyMs, undefined, { signal, ref: false }).catch(async () => await forever());
    const { options: inUse } = connections;
    const offer = offerOf(environment, inUse);
    const [failure, refusal] = await Promise.all([ask(inUse), offer.options && ask(offer.options)]);
    // While those in use do not work either, the server is at fault, or both.
    const isRefused = refusal !== undefined && failure === undefined;
    const fault = offer.fault ?? (isRefused ? notTaken(inUse, refusal) : undefined);
    const found = offer.options === undefined ? offer.fault : fingerprintOf(offer.options);
    // Certificate and key are two files: they are in place once they are the same at two looks.
    const isSettled = found === previous;
    previous = found;
    const isUsable = offer.options !== undefined && refusal === undefined;
    if (isUsable && isSettled)
      await connections.renew(offer.options).catch((error: unknown) => {
        throw notRenewed(inUse, error);
      });
    if (fault === undefined) said = undefined;
    else if (isSettled && said !== found) {
      said = found;
      connections.refused(fault);
    }
    if (failure === undefined || isUsable) answeredAt = Date.now();
    else if (Date.now() - answeredAt > pace.silentMs)
      throw silent(connections, Date.now() - answeredAt, refusal ?? failure);
  }
}

/** What is on disk in the place of the credentials in use: others, or a reason why they cannot be used; nothing where they are the same. */
interface Offer {
  readonly options?: TemporalConnectionOptions;
  readonly fault?: string;
}

function offerOf(environment: NodeJS.ProcessEnv, inUse: TemporalConnectionOptions): Offer {
  try {
    const options = externalConfiguration(environment)?.connectionOptions;
    return options === undefined || fingerprintOf(options) === fingerprintOf(inUse) ? {} : { options };
  } catch (error) {
    return { fault: `${(error as Error).message} ${STAYS}` };
  }
}

const STAYS = 'Until this is corrected, this process continues with the credentials that it has.';

function notTaken({ address = '' }: TemporalConnectionOptions, failure: string): string {
  return `The credentials for the Temporal server at ${address} were replaced, and the new ones do not work (${failure}): correct the files that the TEMPORAL_ variables name. ${STAYS}`;
}

/** Of the address and everything that the server is shown. */
function fingerprintOf(options: TemporalConnectionOptions): string {
  const shown = JSON.stringify(options, (_, value: unknown) =>
    typeof value === 'function' ? undefined : value,
  );
  return createHash('sha256').update(shown).digest('hex');
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

function silent({ options, namespace }: WatchedConnections, ms: number, failure = ''): TemporalServerError {
  const message = `The Temporal server at ${options.address ?? ''} has not let this process work in namespace ${namespace} for ${Math.round(ms / 1_000)} s (${failure}): this process ends so that its supervisor starts it again. Check the server, the network, and the namespace and the credentials in the TEMPORAL_ variables.`;
  return new TemporalServerError(TEMPORAL_SERVER_ERROR_CODES.LOST, message);
}

async function forever(): Promise<never> {
  return await new Promise<never>(() => undefined);
}
