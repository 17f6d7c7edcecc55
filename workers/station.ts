import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { createClaimActivities } from '../activities/claim-activities.ts';
import { createStationActivities } from '../activities/station-activities.ts';
import { Station } from '../fixtures/station/station.ts';
import type { StationConfig } from '../fixtures/station/station-config.ts';
import { loadStationKey } from '../pki/keys/station-key.ts';
import type { NoteVerifier } from '../pki/keys/signed-note.ts';
import type { StationKey } from '../pki/keys/station-key.ts';
import type { Product } from '../provisioning/product.ts';
import { STEP_LIMITS } from '../provisioning/timeouts.ts';
import { anyBoardQueue, stationQueue } from '../provisioning/task-queues.ts';
import { BoardSlots } from './board-slots.ts';
import { followBoardQueues } from './board-queues.ts';
import { closeAll, openInOrder } from './close-all.ts';
import type { Monitor } from '../monitoring/monitor.ts';
import { lockStation } from '../line/lock.ts';
import { monitorPolling } from './monitor-connection.ts';
import { RejectionReports } from './rejection-reports.ts';
import { joinRoles, runWorker } from './role.ts';
import type { Role } from './role.ts';
import { stationBookPath, stationKeyPath, tileFilePath } from '../line/state-folder.ts';
import type { ServerConnections } from '../temporal/server-connections.ts';
import type { WorkerConnection } from '../temporal/worker-connection.ts';
import { lineDataConverter } from '../temporal/data-converter.ts';
import { watchSockets } from './socket-watch.ts';
import { stepMeter } from './step-meter.ts';
import { watchStore } from './store-watch.ts';
import type { WatchedStore } from './store-watch.ts';
import { temporalUnitStanding } from './temporal-unit-standing.ts';

export interface StationRoleOptions {
  readonly config: StationConfig;
  readonly products: readonly Product[];
  /** Our CA certificates, DER: what makes a board "ours". */
  readonly issuers: readonly Uint8Array[];
  /** The signers whose permits it accepts. */
  readonly signers: readonly NoteVerifier[];
  readonly stateFolder: string;
  readonly client: Client;
  readonly connections: ServerConnections;
  readonly namespace: string;
  readonly monitor: Monitor;
  readonly log: Logger;
}

/** A station beside its fixtures: claims from the queues of its boards, delivery on its own queue. */
export async function startStation(options: StationRoleOptions): Promise<Role & { station: Station }> {
  const { config, connections, stateFolder, log } = options;
  return await openInOrder(log, async (closing) => {
    const key = loadStationKey(stationKeyPath(stateFolder, config.id), config.id);
    const lock = lockStation(stateFolder, config.id);
    closing.push(async () => lock.release());
    // Workers of one connection must not share a task queue, and stations of one product do.
    const connection = await connections.openForWorkers();
    const rejections = new RejectionReports(options.client, log.child({ station: config.id }));
    const station = new Station({
      config,
      products: options.products,
      issuers: options.issuers,
      bookPath: stationBookPath(stateFolder, config.id),
      tilePath: tileFilePath(stateFolder, config.id),
      units: temporalUnitStanding(options.client, log),
      log,
      rejected: (board) => rejections.add(board),
    });
    closing.push(() => station.stop());
    const reporting = rejections.run();
    closing.push(() => reporting.stop());
    await station.start();
    const workers = await startWorkers(station, key, connection, options);
    closing.push(() => workers.stop());
    const sockets = watchSockets(station, options.client, log);
    closing.push(() => sockets.stop());
    const record = watchStore(recordOf(station), options.client, log);
    closing.push(() => record.stop());
    return { station, ended: workers.ended, stop: () => closeAll(closing) };
  });
}

function recordOf(station: Station): WatchedStore {
  const { id } = station;
  const assertWritable = (): void => station.assertWritable();
  return { name: `record of station ${id}`, code: 'STATION_DISK', station: id, assertWritable };
}

/** One worker for each product's boards, one for each board that stands for a unit, one for delivery. */
async function startWorkers(
  station: Station,
  key: StationKey,
  connection: WorkerConnection,
  { config, client, namespace, signers, monitor, log }: StationRoleOptions,
): Promise<Role> {
  const identity = `station ${config.id}`;
  const base = {
    namespace,
    dataConverter: lineDataConverter(),
    identity,
    interceptors: stepMeter(monitor.metrics),
    // A step that writes to a device is let to its end: stopping in the middle only makes it happen twice.
    shutdownGraceTime: STEP_LIMITS.flashCredentials.startToCloseMs,
  };
  const claimWorker = async (queue: string): Promise<Role> =>
    runWorker(
      await connection.createWorker({
        ...base,
        taskQueue: queue,
        activities: createClaimActivities({ station, key, signers }, queue),
        tuner: boardTuner(station, queue),
      }),
    );
  const delivery = await connection.createWorker({
    ...base,
    taskQueue: stationQueue(config.id),
    activities: createStationActivities(station, key),
    maxConcurrentActivityTaskExecutions: 2 * config.sockets.length,
  });
  const products = new Set(config.sockets.map((socket) => socket.product));
  const claims = await Promise.all([...products].map((product) => claimWorker(anyBoardQueue(product))));
  monitorPolling(monitor, client, { identity, taskQueues: [stationQueue(config.id)] });
  return joinRoles([followBoardQueues(station, log, claimWorker), ...claims, runWorker(delivery)]);
}

/** Only the activity slots are ours; the others are never used by a worker without workflows. */
function boardTuner(station: Station, queue: string) {
  const unused = { type: 'fixed-size', numSlots: 1 } as const;
  return {
    workflowTaskSlotSupplier: unused,
    activityTaskSlotSupplier: new BoardSlots(station, queue),
    localActivityTaskSlotSupplier: unused,
    nexusTaskSlotSupplier: unused,
  };
}
