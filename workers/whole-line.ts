import type { Logger } from 'pino';
import type { LineConfig } from '../line/config.ts';
import type { Monitor } from '../monitoring/monitor.ts';
import { ensureDemoCa, openConfiguredCa } from '../line/ca.ts';
import { lockLine } from '../line/lock.ts';
import { temporalFolder } from '../line/state-folder.ts';
import type { InboxEvent } from '../manifests/intake/inbox.ts';
import { SEARCH_ATTRIBUTES } from '../provisioning/search-attributes.ts';
import { openTemporalServer } from '../temporal/server/open-temporal-server.ts';
import type { TemporalServer } from '../temporal/server/temporal-server.ts';
import {
  TEMPORAL_SERVER_ERROR_CODES,
  TemporalServerError,
} from '../temporal/program/temporal-server-error.ts';
import { startLine } from './all-in-one.ts';
import type { Line } from './all-in-one.ts';
import { closeAll, openInOrder } from './close-all.ts';
import type { Closing } from './close-all.ts';
import { startVirtualStations } from './virtual-stations.ts';
import type { VirtualStations, VirtualStationsOptions } from './virtual-stations.ts';

/** Parts of a whole factory line that take time to start. */
export type LineMilestone = 'CA' | 'server obtained' | 'server started' | 'boards' | 'workers';

export interface WholeLineSetup {
  readonly stateFolder: string;
  readonly config: LineConfig;
  /** Virtual boards in the place of the configured stations, and a development CA if there is none. */
  readonly virtual: VirtualStationsOptions | undefined;
  /** Whether the page of our own server may change anything. */
  readonly uiActions: boolean;
  readonly monitor: Monitor;
  readonly log: Logger;
  /** Ends the wait for a server. */
  readonly signal: AbortSignal;
  /** Receives sentences for people about the server. */
  readonly report: (sentence: string) => void;
  readonly onMilestone: (milestone: LineMilestone) => void;
  readonly onInboxEvent?: (event: InboxEvent) => void;
}

/** A line with everything that it needs on this host. */
export interface WholeLine extends Line {
  readonly server: TemporalServer;
  readonly ended: Promise<never>;
}

/**
 * Opens a line with its lock, CA, server and boards. `stop` ends them in order: first the line, then its boards, then
 * the server, the lock last. `ended` rejects with TEMPORAL_LOST when the server goes, or with what ended a role. Throws
 * LINE_RUNNING, and what keeps a part from coming up.
 */
export async function openWholeLine(setup: WholeLineSetup): Promise<WholeLine> {
  const { stateFolder, virtual, log, onMilestone, onInboxEvent } = setup;
  return await openInOrder(log, async (closing) => {
    const lock = lockLine(stateFolder);
    closing.push(async () => lock.release());
    const ca = virtual ? await ensureDemoCa(stateFolder) : await openConfiguredCa(stateFolder, setup.config);
    closing.push(() => ca.signer.close());
    onMilestone('CA');
    const { server, config } = await startServerAndBoards(setup, closing);
    const line = await startLine({
      config,
      stateFolder,
      ca,
      server,
      monitor: setup.monitor,
      log,
      rehearsal: virtual !== undefined,
      ...(onInboxEvent && { onInboxEvent }),
    });
    closing.push(() => line.stop());
    onMilestone('workers');
    const ended = Promise.race([line.ended.then(endedByItself), lossOf(server)]);
    // The one who opened the line waits for `ended`; until then a rejection must not end the process.
    ended.catch(() => undefined);
    return { ...line, server, ended, stop: () => closeAll(closing) };
  });
}

/** The server and the virtual boards are processes of their own: they start side by side. */
async function startServerAndBoards(
  { stateFolder, config, virtual, uiActions, signal, report, onMilestone }: WholeLineSetup,
  closing: Closing,
): Promise<{ readonly server: TemporalServer; readonly config: LineConfig }> {
  const startServer = async (): Promise<TemporalServer> => {
    const server = await openTemporalServer({
      directory: temporalFolder(stateFolder),
      searchAttributes: SEARCH_ATTRIBUTES,
      registers: true,
      report,
      uiActions,
      onProgram: () => onMilestone('server obtained'),
      signal,
    });
    onMilestone('server started');
    return server;
  };
  const startBoards = async (): Promise<VirtualStations | undefined> => {
    if (virtual === undefined) return undefined;
    const stations = await startVirtualStations(stateFolder, config, virtual);
    onMilestone('boards');
    return stations;
  };
  const [server, stations] = await Promise.allSettled([startServer(), startBoards()]);
  // A part that started is closed, in this order, even if the other part did not start.
  if (server.status === 'fulfilled') closing.push(() => server.value.stop());
  if (stations.status === 'fulfilled') closing.push(async () => stations.value?.stop());
  if (server.status === 'rejected') throw server.reason;
  if (stations.status === 'rejected') throw stations.reason;
  return { server: server.value, config: stations.value?.config ?? config };
}

/** Workers without their server only wait: a supervisor starts the line again. */
async function lossOf({ lost }: TemporalServer): Promise<never> {
  const how = await (lost ?? new Promise<never>(() => undefined));
  const message = `The Temporal server ended (${how}): start the factory line again, it continues where it was.`;
  throw new TemporalServerError(TEMPORAL_SERVER_ERROR_CODES.LOST, message);
}

function endedByItself(): never {
  throw new Error('The factory line ended by itself: read its log.');
}
