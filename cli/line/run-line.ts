import type { InboxEvent } from '../../manifests/intake/inbox.ts';
import { openLineLog } from '../../line/log.ts';
import { logPath } from '../../line/state-folder.ts';
import type { VirtualStationsOptions } from '../../workers/virtual-stations.ts';
import { openWholeLine } from '../../workers/whole-line.ts';
import type { WholeLine } from '../../workers/whole-line.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { aborted, stopSignal } from '../stop-signal.ts';
import { printLine } from '../terminal/stdout.ts';
import { Milestones } from './milestones.ts';
import { openMonitored } from './open-monitored.ts';
import { stopAfter } from './stop-after.ts';

/** What a command may do with a line while it runs. */
export interface RunningLine {
  readonly line: WholeLine;
  readonly milestones: Milestones;
  readonly signal: AbortSignal;
}

export interface LineSetup {
  /** Virtual boards in the place of the configured stations, and a development CA if there is none. */
  readonly virtual: VirtualStationsOptions | undefined;
  /** Whether units and batches can be acted on from the page of our own Temporal server. */
  readonly uiActions: boolean;
  readonly onInboxEvent?: (event: InboxEvent) => void;
}

/**
 * Starts a line, lets `work` run with it, and stops it in order. Rejects with what ended the line; `work` itself ends
 * at the signal.
 */
export async function withLine<T>(
  { stateFolder, config }: Invocation,
  setup: LineSetup,
  work: (running: RunningLine) => Promise<T>,
): Promise<T> {
  const signal = stopSignal();
  const log = openLineLog(logPath(stateFolder), 'line');
  const milestones = new Milestones();
  const monitored = await openMonitored('line', { config, log }, (monitor) =>
    openWholeLine({
      ...setup,
      stateFolder,
      config,
      monitor,
      log,
      signal,
      report: printLine,
      onMilestone: (milestone) => milestones.reach(milestone),
    }),
  );
  const { role: line } = monitored;
  return await stopAfter(monitored, log, async () => {
    await monitored.started();
    return await Promise.race([work({ line, milestones, signal }), line.ended]);
  });
}

/** `certline up`: runs until it is stopped. */
export async function runLine(
  invocation: Invocation,
  options: { virtual?: boolean; uiActions?: boolean },
): Promise<void> {
  if (!options.virtual && invocation.config.stations.length === 0) {
    const message =
      'The configuration names no station: add its sockets under "stations", or try the line with --virtual.';
    throw new CommandError('configuration', message);
  }
  const virtual: VirtualStationsOptions | undefined = options.virtual ? { speed: 'realistic' } : undefined;
  const onInboxEvent = (event: InboxEvent): void => printLine(inboxLine(event));
  const uiActions = options.uiActions === true || options.virtual === true;
  await withLine(invocation, { virtual, uiActions, onInboxEvent }, async ({ signal, line }) => {
    const sockets = line.stations.reduce((sum, station) => sum + station.sockets.length, 0);
    printLine(
      `Line up: ${line.stations.length} stations, ${sockets} sockets. Drop manifests into ${invocation.config.inbox}`,
    );
    const { uiUrl, warning } = line.server;
    if (warning !== undefined) printLine(`Warning: ${warning}`);
    if (uiUrl) printLine(`Temporal UI: ${uiUrl}${uiActions ? '' : ' (read-only)'}`);
    await aborted(signal);
  });
}

/** What happened to a manifest, in one text line. */
export function inboxLine(event: InboxEvent): string {
  if (event.kind === 'problem') return `${event.name}: ${(event.error as Error).message}`;
  const { name, verdict, answer } = event;
  if (verdict.status === 'rejected') return `${name}: refused, see ${answer}`;
  const again = verdict.duplicateOf === undefined ? '' : ' (accepted before; nothing was done again)';
  return `${name}: accepted as batch ${verdict.batchId}, ${verdict.rows} units${again}`;
}
