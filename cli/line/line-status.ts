import { existsSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import type { TileFileContent } from '../../fixtures/station/tile-file.ts';
import type { Tile } from '../../fixtures/station/tile.ts';
import { findRunningServer } from '../../line/running-server.ts';
import { ledgerName } from '../../line/ledger.ts';
import { orderSourcesOf } from '../../line/orders.ts';
import { registryName } from '../../line/registry.ts';
import { caFolder } from '../../line/state-folder.ts';
import { readOrder } from '../../pki/orders/order-desk.ts';
import type { Ledger } from '../../pki/ledger/ledger.ts';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import { ordersIn, troubleOf } from '../doctor/check-orders.ts';
import type { Invocation } from '../invocation.ts';
import { withLedgerIfAny } from '../open-ledger.ts';
import { withRegistryIfAny } from '../registry/open-registry.ts';
import { printJson } from '../terminal/stdout.ts';
import { versionText } from '../version.ts';
import { withLineClient } from './line-client.ts';
import { recordedOpenBatches, runningBatches } from './open-batches.ts';
import type { OpenBatch } from './open-batches.ts';
import { printStatus } from './print-status.ts';
import { roleStandings, troubleOfRole } from '../../temporal/role-standings.ts';
import type { RoleStanding } from '../../temporal/role-standings.ts';
import { stuckWorkflows, troubleOfStuck } from '../../temporal/stuck-workflows.ts';
import type { StuckWorkflow } from '../../temporal/stuck-workflows.ts';
import { readStationTiles } from './station-tiles.ts';

/** A part of the line as it is from this host: what it says, or why nothing is known of it here. */
export type Seen<T> = T | { readonly trouble: string } | { readonly elsewhere: string };

export interface ServerStatus {
  readonly address: string;
  readonly namespace: string;
  readonly version: string;
  readonly roles: readonly RoleStanding[];
  /** Workflows that run and cannot continue. */
  readonly stuck: readonly StuckWorkflow[];
}

/** The sockets of a station as its tile file has them. `isStale`: the station is silent, so they are as it left them. */
export interface StationSockets extends TileFileContent {
  readonly isStale: boolean;
}

export interface OrderStatus {
  readonly order: string;
  readonly quantity: number;
  readonly released: number;
  readonly left: number;
  readonly reissuesLeft: number;
  readonly closes: string;
  readonly trouble?: string;
}

/** Everything that `certline line status` says. */
export interface LineStatus {
  readonly product: string;
  readonly server: Seen<ServerStatus>;
  readonly stations: readonly StationSockets[];
  readonly batches: Seen<{
    readonly from: 'registry' | 'temporal';
    readonly open: readonly (Partial<OpenBatch> & Pick<OpenBatch, 'batchId'>)[];
  }>;
  readonly orders: Seen<{ readonly open: readonly OrderStatus[] }>;
  readonly ledger: Seen<{ readonly name: string }>;
  readonly registry: Seen<{ readonly name: string }>;
  /** What a person must do, a sentence each; empty where all is well. */
  readonly needs: readonly string[];
}

/** `certline line status`. Sets exit status `needsPerson` where a part of the line needs one. */
export async function showLineStatus(invocation: Invocation, options: { json?: boolean }): Promise<void> {
  const status = await lineStatus(invocation);
  if (status.needs.length > 0) process.exitCode = EXIT_STATUS.needsPerson.status;
  if (options.json === true) printJson(status);
  else await printStatus(status);
}

/** Looks at every part of the line that can be seen from this host; a part that cannot says why. */
export async function lineStatus(invocation: Invocation): Promise<LineStatus> {
  const { stateFolder, config } = invocation;
  const configured = config.stations.map(({ id }) => id);
  const fromServer = await seen(() => askServer(stateFolder, configured));
  const server: LineStatus['server'] = 'status' in fromServer ? fromServer.status : fromServer;
  const running =
    'status' in fromServer ? ({ from: 'temporal', open: fromServer.batches } as const) : fromServer;
  const recorded = await seen(() => fromRegistry(invocation));
  const stations = socketsOf(stateFolder, server);
  const parts = {
    product: versionText(),
    server,
    stations,
    batches: 'open' in recorded ? recorded : running,
    ...(await signerParts(invocation)),
    registry: 'open' in recorded ? { name: registryName(invocation) } : recorded,
  };
  return { ...parts, needs: needsOf(parts) };
}

/** What the server says of itself, of the roles, and of the batches that run. */
async function askServer(
  stateFolder: string,
  stations: readonly string[],
): Promise<{ readonly status: ServerStatus; readonly batches: Awaited<ReturnType<typeof runningBatches>> }> {
  const { address, namespace } = await findRunningServer(stateFolder);
  return await withLineClient(stateFolder, async (client) => ({
    status: {
      address,
      namespace,
      version: await serverVersion(client),
      roles: await roleStandings(client, stations),
      stuck: await stuckWorkflows(client),
    },
    batches: await runningBatches(client),
  }));
}

async function serverVersion({ connection }: Client): Promise<string> {
  const { serverVersion: version } = await connection.workflowService.getSystemInfo({});
  return version ?? '';
}

async function fromRegistry(
  invocation: Invocation,
): Promise<
  { readonly from: 'registry'; readonly open: readonly OpenBatch[] } | { readonly elsewhere: string }
> {
  return await withRegistryIfAny(invocation, async (registry) =>
    registry === undefined
      ? {
          elsewhere:
            invocation.config.registry === undefined
              ? `no ${registryName(invocation)}: the registry is on the host of the orchestrator`
              : 'none yet',
        }
      : { from: 'registry', open: await recordedOpenBatches(invocation.stateFolder, registry) },
  );
}

function socketsOf(stateFolder: string, server: LineStatus['server']): StationSockets[] {
  const roles = 'roles' in server ? server.roles : [];
  const isPolling = (station: string): boolean =>
    roles.some(({ role, state }) => role === `station ${station}` && state === 'polling');
  return readStationTiles(stateFolder).map((tiles) => ({ ...tiles, isStale: !isPolling(tiles.station) }));
}

/** Ledger and orders are on the host of the signer; a ledger on PostgreSQL is reachable from others too. */
async function signerParts(invocation: Invocation): Promise<Pick<LineStatus, 'ledger' | 'orders'>> {
  const { stateFolder, config } = invocation;
  const isHere = config.ledger !== undefined || existsSync(caFolder(stateFolder));
  if (!isHere) {
    const elsewhere = `no ${caFolder(stateFolder)}: it is on the host of the signer`;
    return { ledger: { elsewhere }, orders: { elsewhere } };
  }
  const read = await seen(() =>
    withLedgerIfAny(invocation, 'read', async (ledger) => ({
      ledger: ledger === undefined ? { elsewhere: 'none yet' } : { name: ledgerName(invocation) },
      orders: await seen(async () => ({ open: await openOrders(invocation, ledger) })),
    })),
  );
  return 'ledger' in read ? read : { ledger: read, orders: read };
}

async function openOrders(invocation: Invocation, ledger: Ledger | undefined): Promise<OrderStatus[]> {
  const sources = orderSourcesOf(invocation.stateFolder, invocation.config);
  const orders: OrderStatus[] = [];
  for (const id of ordersIn(sources.folder)) {
    const signed = readOrder(sources, id);
    const standing = await ledger?.orders.orderStanding(id);
    if (standing?.closedAt !== undefined) continue;
    const { released = 0, reissued = 0 } = standing ?? {};
    const { order, quantity, reissues, closes } = signed;
    const trouble = troubleOf(signed, standing, new Date());
    const left = quantity - released;
    orders.push({
      order,
      quantity,
      released,
      left,
      reissuesLeft: reissues - reissued,
      closes,
      ...(trouble !== undefined && { trouble }),
    });
  }
  return orders;
}

/** What the part says, or why it cannot. */
async function seen<T>(look: () => Promise<T>): Promise<T | { readonly trouble: string }> {
  try {
    return await look();
  } catch (error) {
    return { trouble: (error as Error).message };
  }
}

function needsOf({
  server,
  stations,
  batches,
  orders,
  ledger,
  registry,
}: Omit<LineStatus, 'needs'>): string[] {
  const roles = 'roles' in server ? server.roles : [];
  return [
    ...troubleIn('Temporal', server),
    ...roles.flatMap((role) => sentence(role.role, troubleOfRole(role))),
    ...('stuck' in server ? troubleOfStuck(server.stuck) : []),
    ...stations
      .filter(({ isStale }) => !isStale)
      .flatMap(({ station, sockets }) =>
        sockets.flatMap((tile) => sentence(`socket ${station}/${tile.socket}`, troubleOfSocket(tile))),
      ),
    ...('open' in batches ? needsOfLine(batches.open, stations) : []),
    ...('open' in batches ? batches.open.flatMap(needOfBatch) : []),
    ...troubleIn('orders', orders),
    ...troubleIn('ledger', ledger),
    ...troubleIn('registry', registry),
  ];
}

function troubleIn(part: string, state: Seen<object>): string[] {
  return 'trouble' in state ? sentence(part, state.trouble) : [];
}

function sentence(what: string, says: string | undefined): string[] {
  return says === undefined ? [] : [`${what}: ${says}`];
}

/** A socket that does nothing before somebody comes; one with a board that passed is the normal course. */
function troubleOfSocket({ state, instruction }: Tile): string | undefined {
  return ['fail', 'hold', 'fault'].includes(state) ? instruction : undefined;
}

/** Roles that are silent are asked for here, and a socket in which nothing answers, or a wait for other batches, may be the normal course. */
const NOT_OF_BATCH: ReadonlySet<string> = new Set([
  'SIGNER_UNREACHABLE',
  'STATION_UNREACHABLE',
  'SOCKET_SILENT',
  'SOCKETS_BUSY',
]);

/** What roles on any host reported to the batches that run, once. Sockets whose tiles are on this host are shown from there. */
function needsOfLine(open: readonly Partial<OpenBatch>[], stations: readonly StationSockets[]): string[] {
  const here = new Set(stations.filter(({ isStale }) => !isStale).map(({ station }) => station));
  const told = open
    .flatMap(({ trouble = [] }) => trouble)
    .filter(({ code, station, socket }) => {
      const isSeenHere = socket !== undefined && station !== undefined && here.has(station);
      return !NOT_OF_BATCH.has(code) && !isSeenHere;
    });
  return [...new Set(told.map(({ says }) => says))];
}

function needOfBatch({
  batchId,
  attention = 0,
  broken,
}: {
  readonly batchId: string;
  readonly attention?: number;
  readonly broken?: string;
}): string[] {
  const ended = sentence(`batch ${batchId}`, broken);
  if (attention === 0) return ended;
  const units = attention === 1 ? '1 unit waits' : `${attention} units wait`;
  return [
    ...ended,
    `batch ${batchId}: ${units} for a decision: certline unit list --waiting --batch ${batchId}`,
  ];
}
