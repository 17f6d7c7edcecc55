import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { openConfiguredCa, readIssuers } from '../line/ca.ts';
import { ConfigError } from '../line/config-error.ts';
import type { LineConfig } from '../line/config.ts';
import { openDeviceRegistries } from '../line/device-registries.ts';
import { findRunningServer } from '../line/running-server.ts';
import { factoryKeysIn, intakeKeysFile, openIntakeKey, readSignerKeys } from '../line/trusted-keys.ts';
import { openRegistry } from '../line/registry.ts';
import { readVerifierKeys } from '../pki/keys/verifier-key-file.ts';
import { ServerConnections } from '../temporal/server-connections.ts';
import type { TemporalServer } from '../temporal/server/temporal-server.ts';
import { closeAll, openInOrder } from './close-all.ts';
import type { Closing } from './close-all.ts';
import { intakeAndWatch } from './intake-and-watch.ts';
import { startOrchestrator } from './orchestrator.ts';
import type { Monitor } from '../monitoring/monitor.ts';
import { monitorClientCertificate } from './monitor-connection.ts';
import { monitorOrchestrator } from './monitor-orchestrator.ts';
import { monitorStations } from './monitor-stations.ts';
import { joinRoles } from './role.ts';
import type { Role } from './role.ts';
import { openSigner } from './signer.ts';
import { startStation } from './station.ts';
import { watchCredentials } from './watch-credentials.ts';
import type { WorkerRole } from './worker-roles.ts';

/** The place of a role of a factory line that is distributed over hosts. */
export interface RolePlace {
  readonly stateFolder: string;
  readonly config: LineConfig;
  readonly monitor: Monitor;
  readonly log: Logger;
}

/** A role that works, and the server that it works for. */
export interface OpenRole extends Role {
  readonly server: TemporalServer;
}

interface Surroundings extends RolePlace {
  readonly client: Client;
  readonly connections: ServerConnections;
  readonly namespace: string;
  /** A role adds here how to close each thing that it opened, as soon as it is open. */
  readonly closing: Closing;
}

const OPEN: Record<WorkerRole, (surroundings: Surroundings) => Promise<Pick<Role, 'ended'>>> = {
  orchestrator: orchestrate,
  signer: sign,
  station: attend,
};

/**
 * Opens one role of a line, in a process of its own: orchestrator with intake and registry, signer with its CA, or the
 * stations of this host. Throws LINE_NOT_RUNNING, a TemporalServerError, or what keeps the role from starting.
 */
export async function openWorkerRole(role: WorkerRole, place: RolePlace): Promise<OpenRole> {
  return await openInOrder(place.log, async (closing) => {
    const server = await findRunningServer(place.stateFolder, { registers: role === 'orchestrator' });
    const connections = await ServerConnections.open(server);
    closing.push(() => connections.close());
    monitorClientCertificate(place.monitor, connections);
    const { client } = connections;
    const { namespace } = server;
    const { ended } = await OPEN[role]({ ...place, client, connections, namespace, closing });
    const watch = watchCredentials(connections, place.log);
    closing.push(async () => watch.stop());
    return { server, ended: Promise.race([ended, watch.lost]), stop: () => closeAll(closing) };
  });
}

async function orchestrate(surroundings: Surroundings): Promise<Role> {
  const { stateFolder, config, client, connections, namespace, monitor, log, closing } = surroundings;
  const { inbox, products, notifications } = config;
  const registry = await openRegistry({ stateFolder, config }, 'make');
  if (notifications !== undefined) registry.notices.start();
  closing.push(() => registry.close());
  const trust = {
    products,
    issuers: readIssuers(stateFolder, config.issuersFile),
    ...factoryKeysIn(config),
    intake: openIntakeKey(stateFolder),
    intakes: () => readVerifierKeys(intakeKeysFile(stateFolder, config)),
  };
  const deviceRegistries = await openDeviceRegistries(stateFolder, config.registries);
  const places = { registry, deviceRegistries, inbox, client, connections, namespace, monitor, log };
  const orchestrator = await startOrchestrator({ ...trust, ...places });
  closing.push(() => orchestrator.stop());
  const stations = config.stations.map(({ id }) => id);
  monitorOrchestrator(monitor, { client, registry, inbox, stations });
  const own = { config, stateFolder, registry, client, log };
  // The sockets are on other hosts.
  const watching = await intakeAndWatch({ ...own, socketProducts: undefined });
  closing.push(() => watching.stop());
  return joinRoles([watching, orchestrator]);
}

async function sign(surroundings: Surroundings): Promise<Role> {
  const { stateFolder, config, closing } = surroundings;
  const ca = await openConfiguredCa(stateFolder, config);
  closing.push(() => ca.signer.close());
  const signer = await openSigner({ ...surroundings, ca });
  closing.push(() => signer.stop());
  return signer;
}

async function attend(surroundings: Surroundings): Promise<Role> {
  const { stateFolder, config, monitor, closing } = surroundings;
  const { products, stations } = config;
  if (stations.length === 0) {
    const message = 'The configuration names no station: add its sockets under "stations".';
    throw new ConfigError('CONFIG_INVALID', message);
  }
  const issuers = readIssuers(stateFolder, config.issuersFile);
  const signers = readSignerKeys(stateFolder, config);
  const roles: Awaited<ReturnType<typeof startStation>>[] = [];
  for (const each of stations) {
    const station = await startStation({ ...surroundings, config: each, products, issuers, signers });
    closing.push(() => station.stop());
    roles.push(station);
  }
  monitorStations(
    monitor,
    roles.map(({ station }) => station),
  );
  return joinRoles(roles);
}
