import { SqliteRegistry } from '../../registry/sqlite/sqlite-registry.ts';
import { closeAll } from '../../workers/close-all.ts';
import type { Closing } from '../../workers/close-all.ts';
import { startIntake } from '../../workers/intake.ts';
import { openConfiguredCa, readIssuers } from '../../line/ca.ts';
import { installTemporalRuntime, openLineLog } from '../../line/log.ts';
import { startOrchestrator } from '../../workers/orchestrator.ts';
import { joinRoles } from '../../workers/role.ts';
import type { Role } from '../../workers/role.ts';
import { findRunningServer } from '../../line/running-server.ts';
import { openSigner } from '../../workers/signer.ts';
import { logPath, registryPath } from '../../line/state-folder.ts';
import { startStation } from '../../workers/station.ts';
import { connectClient, connectWorkers } from '../../temporal/connection.ts';
import { WORKER_ROLES } from '../../workers/worker-roles.ts';
import type { WorkerRole } from '../../workers/worker-roles.ts';
import type { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { printLine } from '../terminal/stdout.ts';
import { aborted, stopSignal } from '../stop-signal.ts';

interface Surroundings extends Invocation {
  readonly client: Client;
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly server: TemporalServer;
  readonly log: Logger;
  /** Where a role puts what it opened, as soon as it has. */
  readonly closing: Closing;
}

/** Starts a role; the promise inside rejects when the role can go on no longer. */
type Start = (surroundings: Surroundings) => Promise<{ ended: Promise<void> }>;

const START: Record<WorkerRole, Start> = { orchestrator: orchestrate, signer: sign, station: attend };

/** `certline worker ROLE`: one role of a line that is spread over hosts, until it is stopped. */
export async function runWorkerRole(invocation: Invocation, role: string): Promise<void> {
  const start = START[WORKER_ROLES.find((known) => known === role) ?? unknownRole(role)];
  const { stateFolder } = invocation;
  const signal = stopSignal();
  const log = openLineLog(logPath(stateFolder), role);
  installTemporalRuntime(log);
  const closing: Closing = [];
  try {
    const server = await findRunningServer(stateFolder);
    const connection = await connectWorkers(server);
    closing.push(() => connection.close());
    const { client, connection: clientConnection } = await connectClient(server);
    closing.push(() => clientConnection.close());
    const { namespace } = server;
    const { ended } = await start({ ...invocation, client, connection, namespace, server, log, closing });
    printLine(`${role} up, on ${server.address}, namespace ${namespace}`);
    // A worker that has ended takes no work any more: leave, so that whoever supervises it starts it again.
    await Promise.race([aborted(signal), ended]);
  } catch (error) {
    await closeAll(closing).catch((second: unknown) => log.warn({ err: second }, 'could not close in order'));
    throw error;
  }
  await closeAll(closing);
}

async function orchestrate(surroundings: Surroundings): ReturnType<Start> {
  const { stateFolder, config, client, connection, namespace, log, closing } = surroundings;
  const { inbox, products, unitsInFlight } = config;
  const registry = new SqliteRegistry(registryPath(stateFolder));
  closing.push(async () => registry.close());
  const orchestrator = await startOrchestrator({ registry, inbox, connection, namespace });
  closing.push(() => orchestrator.stop());
  const intake = await startIntake({ inbox, stateFolder, products, registry, client, unitsInFlight, log });
  closing.push(() => intake.stop());
  return joinRoles([intake, orchestrator]);
}

async function sign(surroundings: Surroundings): ReturnType<Start> {
  const { stateFolder, config, connection, namespace, log, closing } = surroundings;
  const ca = await openConfiguredCa(stateFolder, config);
  closing.push(() => ca.signer.close());
  const signer = await openSigner({ stateFolder, config, ca, connection, namespace, log });
  closing.push(() => signer.stop());
  return signer;
}

async function attend(surroundings: Surroundings): ReturnType<Start> {
  const { stateFolder, config, closing } = surroundings;
  if (config.stations.length === 0) {
    throw new CommandError(
      'configuration',
      'The configuration names no station: add its sockets under "stations".',
    );
  }
  const issuers = readIssuers(stateFolder, config.issuersFile);
  const { products } = config;
  const stations: Role[] = [];
  for (const each of config.stations) {
    const station = await startStation({ ...surroundings, config: each, products, issuers });
    closing.push(() => station.stop());
    stations.push(station);
  }
  return joinRoles(stations);
}

function unknownRole(role: string): never {
  throw new CommandError('usage', `There is no role "${role}": it is one of ${WORKER_ROLES.join(', ')}.`);
}
