import { SEARCH_ATTRIBUTES } from '../../provisioning/search-attributes.ts';
import type { InboxEvent } from '../../manifests/intake/inbox.ts';
import { startLine } from '../../workers/all-in-one.ts';
import type { Line } from '../../workers/all-in-one.ts';
import { ensureDemoCa, openConfiguredCa } from '../../line/ca.ts';
import { lockLine } from '../../line/lock.ts';
import { installTemporalRuntime, openLineLog } from '../../line/log.ts';
import { logPath, temporalFolder } from '../../line/state-folder.ts';
import { openTemporalServer } from '../../temporal/server/open-temporal-server.ts';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';
import { closeAll } from '../../workers/close-all.ts';
import type { Closing } from '../../workers/close-all.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { reportFailure } from '../report-failure.ts';
import { printLine } from '../terminal/stdout.ts';
import { aborted, stopSignal } from '../stop-signal.ts';
import { Milestones } from './milestones.ts';
import { startVirtualStations } from './virtual-stations.ts';
import type { VirtualStations, VirtualStationsOptions } from './virtual-stations.ts';

/** What a command may do with a line while it runs. */
export interface RunningLine {
  readonly line: Line;
  readonly milestones: Milestones;
  readonly server: TemporalServer;
  readonly signal: AbortSignal;
}

export interface LineSetup {
  /** Virtual boards in the place of the configured stations, and a development CA if there is none. */
  readonly virtual: VirtualStationsOptions | undefined;
  readonly onInboxEvent?: (event: InboxEvent) => void;
}

/**
 * Starts a line, lets `work` run with it, and stops it in order: first the line, then its boards, last the server.
 * Rejects with what ended the line; `work` itself heeds the signal.
 */
export async function withLine<T>(
  invocation: Invocation,
  setup: LineSetup,
  work: (running: RunningLine) => Promise<T>,
): Promise<T> {
  const { stateFolder } = invocation;
  const signal = stopSignal();
  const lock = lockLine(stateFolder);
  const log = openLineLog(logPath(stateFolder), 'line');
  installTemporalRuntime(log);
  const milestones = new Milestones();
  const closing: Closing = [];
  try {
    const { virtual } = setup;
    const ca = virtual
      ? await ensureDemoCa(stateFolder)
      : await openConfiguredCa(stateFolder, invocation.config);
    closing.push(() => ca.signer.close());
    milestones.reach('CA');
    const { server, config } = await startServerAndBoards(invocation, virtual, {
      signal,
      milestones,
      closing,
    });
    const line = await startLine({
      config,
      stateFolder,
      ca,
      server,
      log,
      rehearsal: virtual !== undefined,
      ...(setup.onInboxEvent && { onInboxEvent: setup.onInboxEvent }),
    });
    closing.push(() => line.stop());
    milestones.reach('workers');
    const lost = server.lost?.then(serverLost) ?? new Promise<never>(() => undefined);
    return await Promise.race([
      work({ line, milestones, server, signal }),
      line.ended.then(endedByItself),
      lost,
    ]);
  } finally {
    await closeAll(closing);
    lock.release();
  }
}

/** The server and the virtual boards are processes of their own: they start side by side. */
async function startServerAndBoards(
  { stateFolder, config }: Invocation,
  virtual: VirtualStationsOptions | undefined,
  run: { readonly signal: AbortSignal; readonly milestones: Milestones; readonly closing: Closing },
): Promise<{ readonly server: TemporalServer; readonly config: Invocation['config'] }> {
  const { signal, milestones, closing } = run;
  const startServer = async (): Promise<TemporalServer> => {
    const server = await openTemporalServer({
      directory: temporalFolder(stateFolder),
      searchAttributes: SEARCH_ATTRIBUTES,
      report: printLine,
      onProgram: () => milestones.reach('server obtained'),
      signal,
    });
    milestones.reach('server started');
    return server;
  };
  const startBoards = async (): Promise<VirtualStations | undefined> => {
    if (virtual === undefined) return undefined;
    const stations = await startVirtualStations(stateFolder, config, virtual);
    milestones.reach('boards');
    return stations;
  };
  const [server, stations] = await Promise.allSettled([startServer(), startBoards()]);
  // What came up is closed, in this order, although the other did not come up.
  if (server.status === 'fulfilled') closing.push(() => server.value.stop());
  if (stations.status === 'fulfilled') closing.push(async () => stations.value?.stop());
  if (server.status === 'rejected') throw server.reason;
  if (stations.status === 'rejected') throw stations.reason;
  return { server: server.value, config: stations.value?.config ?? config };
}

/** `certline up`: runs until it is stopped. */
export async function runLine(invocation: Invocation, options: { virtual?: boolean }): Promise<void> {
  if (!options.virtual && invocation.config.stations.length === 0) {
    const message =
      'The configuration names no station: add its sockets under "stations", or try the line with --virtual.';
    throw new CommandError('configuration', message);
  }
  const virtual: VirtualStationsOptions | undefined = options.virtual ? { speed: 'realistic' } : undefined;
  const onInboxEvent = (event: InboxEvent): void => printLine(inboxLine(event));
  await withLine(invocation, { virtual, onInboxEvent }, async ({ server, signal, line }) => {
    const sockets = line.stations.reduce((sum, station) => sum + station.sockets.length, 0);
    printLine(
      `Line up: ${line.stations.length} stations, ${sockets} sockets. Drop manifests into ${invocation.config.inbox}`,
    );
    if (server.uiUrl) printLine(`Temporal UI: ${server.uiUrl}`);
    await aborted(signal);
  });
}

/** What became of a manifest, in one line. */
export function inboxLine(event: InboxEvent): string {
  if (event.kind === 'problem') return `${event.name}: ${(event.error as Error).message}`;
  const { name, verdict, answer } = event;
  if (verdict.status === 'rejected') return `${name}: refused, see ${answer}`;
  const again = verdict.duplicateOf === undefined ? '' : ' (accepted before; nothing was done again)';
  return `${name}: accepted as batch ${verdict.batchId}, ${verdict.rows} units${again}`;
}

/** Workers without their server only wait: whatever supervises the line starts it again. */
function serverLost(how: string): never {
  const error = new CommandError('server', `the Temporal server ended (${how}); start the line again`);
  process.exit(reportFailure(error));
}

function endedByItself(): never {
  throw new CommandError('defect', 'the line ended by itself');
}
