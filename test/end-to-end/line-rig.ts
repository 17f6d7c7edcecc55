import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { destination, pino } from 'pino';
import type { Logger } from 'pino';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import { SEARCH_ATTRIBUTES } from '../../provisioning/search-attributes.ts';
import type { Assignment } from '../../provisioning/product.ts';
import type { BatchProgress } from '../../provisioning/batch.ts';
import type { BatchRecord } from '../../registry/registry.ts';
import type { VirtualBoard } from '../../simulator/board/virtual-board.ts';
import type { FirmwareProfile } from '../../simulator/firmware-profile.ts';
import { VirtualLine } from '../../simulator/line/virtual-line.ts';
import type { PlannedFault } from '../../simulator/line/virtual-line.ts';
import { VirtualOperator } from '../../simulator/line/virtual-operator.ts';
import { startLine } from '../../workers/all-in-one.ts';
import type { Line } from '../../workers/all-in-one.ts';
import { ensureDemoCa } from '../../line/ca.ts';
import { Monitor } from '../../monitoring/monitor.ts';
import { parseLineConfig } from '../../line/config.ts';
import type { DeviceRegistryConfig } from '../../line/device-registry-config.ts';
import { logPath, tileFilePath, virtualLineFolder } from '../../line/state-folder.ts';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';
import { WORKER_HEARTBEAT_MS } from '../../temporal/worker-presence.ts';
import { testServer } from '../support/temporal-server.ts';
import { until } from '../support/until.ts';

/** The log of the rig that runs now; Temporal's own words go there too, as in a real line. */
let log: Logger | undefined;
Runtime.install({
  logger: new DefaultLogger('DEBUG', ({ message, meta }) => log?.info({ ...meta }, message)),
  shutdownSignals: [],
  workerHeartbeatInterval: WORKER_HEARTBEAT_MS,
});

export const STATIONS = [
  { id: 'st-1', sockets: ['1', '2', '3', '4'] },
  { id: 'st-2', sockets: ['1', '2', '3', '4'] },
];

/** A whole line in this process, on a real server, with virtual boards behind real ports. */
export interface LineRig {
  readonly folder: string;
  readonly inbox: string;
  readonly boards: VirtualLine;
  readonly server: TemporalServer;
  readonly line: Line;
  /** Puts a manifest into the inbox as a file that is whole and has been for a while. */
  drop(name: string, csv: string): void;
  /** The batch of a manifest once it is started. */
  batchOf(manifest: string): Promise<BatchRecord>;
  /** Waits until the batch of this manifest is closed, and its workflow has ended. */
  closed(manifest: string): Promise<BatchRecord>;
  progress(batch: BatchRecord): Promise<BatchProgress>;
  /** Stops the line, not its boards: another one may take its place. */
  stopLine(): Promise<void>;
  /** Stops the line and the boards; what they wrote stays. */
  down(): Promise<void>;
  /** `down`, and what they wrote is removed. */
  end(): Promise<void>;
}

export interface LineRigOptions {
  readonly faults?: PlannedFault[];
  readonly stations?: typeof STATIONS;
  /** Units of a batch under way at once; twice the sockets, where it is not said. */
  readonly unitsInFlight?: number;
  /** Whether manifests name their boards; any board, where they do not. */
  readonly assignment?: Assignment;
  /** Where the ledger is, as in a configuration; a file of the state folder, where it is not said. */
  readonly ledger?: object;
  /** Where the registry of record is, as in a configuration; a file of the state folder, where it is not said. */
  readonly registry?: object;
  /** Device registries, as in a configuration: the product has all of them, in this order. */
  readonly registries?: readonly DeviceRegistryConfig[];
  /** The line plays the OEM and signs what it needs, unless the test does. */
  readonly orders?: 'by-oem';
  /** Loads and unloads boards; where there is none the test does. */
  readonly operator?: { replaceFailed: boolean };
  /** The firmware of the boards, and what its application does when it runs. */
  readonly profile?: FirmwareProfile;
  readonly application?: (board: VirtualBoard) => void;
  /** What the product has beside its name. */
  readonly product?: object;
  /** A server of the test's own, which it stops itself. */
  readonly openServer?: (folder: string) => Promise<TemporalServer>;
}

export async function startLineRig(options: LineRigOptions = {}): Promise<LineRig> {
  const folder = mkdtempSync(join(tmpdir(), 'certline-line-'));
  const stations = options.stations ?? STATIONS;
  const inbox = join(folder, 'inbox');
  log = pino(destination({ dest: logPath(folder), sync: true, mkdir: true }));
  const boards = await VirtualLine.start({
    directory: virtualLineFolder(folder),
    stations,
    speed: 'instant',
    faults: options.faults ?? [],
    ...(options.profile && { profile: options.profile }),
    ...(options.application && { application: options.application }),
  });
  const server = await (options.openServer ?? sharedServer)(folder);
  const { assignment = 'any-board', ledger, registry, product, registries = [], unitsInFlight } = options;
  const named = { registries: registries.map(({ name }) => name) };
  const parts = {
    ...lineConfig(boards, inbox, stations, { assignment, ...named, ...product }),
    registries,
    ...(unitsInFlight !== undefined && { unitsInFlight }),
    ...(ledger && { ledger }),
    ...(registry && { registry }),
  };
  const config = parseLineConfig(parts, 'the rig', folder);
  const ca = await ensureDemoCa(folder);
  const rehearsal = options.orders !== 'by-oem';
  const line = await startLine({
    config,
    stateFolder: folder,
    ca,
    server,
    monitor: new Monitor(),
    log,
    rehearsal,
  });
  const watched = stations.map((station) => ({ ...station, tileFile: tileFilePath(folder, station.id) }));
  const hands = { unloadMs: 0, loadMs: 0, replaceFailed: options.operator?.replaceFailed ?? false };
  const operator = options.operator && new VirtualOperator(boards, watched, hands);
  const batchOf = async (name: string): Promise<BatchRecord> => {
    let found: BatchRecord | undefined;
    await until(`${name} is accepted and its batch started`, async () => {
      found = (await line.registry.listBatches()).find((batch) => batch.manifest === name);
      return found?.startedAt !== undefined;
    });
    return found!;
  };
  let [isUp, hasLine] = [true, true];
  const stopLine = async (): Promise<void> => {
    if (hasLine) await line.stop();
    hasLine = false;
  };
  const down = async (): Promise<void> => {
    if (!isUp) return;
    isUp = false;
    await stopLine();
    operator?.stop();
    await boards.stop();
  };
  return {
    folder,
    inbox,
    boards,
    server,
    line,
    batchOf,
    drop: (name, csv) => dropInto(inbox, name, csv),
    closed: async (name) => {
      const { batchId } = await batchOf(name);
      await line.client.workflow.getHandle(batchWorkflowId(batchId)).result();
      return await batchOf(name);
    },
    progress: async ({ batchId }) =>
      await line.client.workflow.getHandle(batchWorkflowId(batchId)).query<BatchProgress>('progress'),
    stopLine,
    down,
    end: async () => {
      await down();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function lineConfig(boards: VirtualLine, inbox: string, stations: typeof STATIONS, fields: object): object {
  const product = 'golioth-node';
  return {
    inbox,
    products: [{ name: product, organization: 'certline-test', ...fields }],
    stations: stations.map(({ id, sockets }) => ({
      id,
      signaturesPerMinute: 100_000,
      sockets: sockets.map((socket) => ({ id: socket, port: boards.portPath(id, socket), product })),
    })),
  };
}

/** The server that all test files share, in a namespace of this rig's own. */
async function sharedServer(): Promise<TemporalServer> {
  const server = await testServer(SEARCH_ATTRIBUTES);
  return { ...server, uiUrl: undefined, source: 'test', owned: false, stop: async () => undefined };
}

/** A file whose last change was a while ago is whole: nobody waits whether it still grows. */
export function dropInto(inbox: string, name: string, csv: string): void {
  mkdirSync(inbox, { recursive: true });
  const hidden = join(inbox, `.${name}`);
  writeFileSync(hidden, csv);
  const twoMinutesAgo = Math.floor(Date.now() / 1000) - 120;
  utimesSync(hidden, twoMinutesAgo, twoMinutesAgo);
  renameSync(hidden, join(inbox, name));
}

/** A manifest of `count` units. */
export function manifest(count: number, order = 'PO-1', prefix = 'CL'): string {
  const rows = Array.from(
    { length: count },
    (_, index) => `${order},${prefix}-${String(index + 1).padStart(6, '0')},golioth-node\n`,
  );
  return `order,serial,product\n${rows.join('')}`;
}
