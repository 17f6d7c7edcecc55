import { openSqliteLedger } from '../pki/sqlite-ledger.ts';
import { SqliteRegistry } from '../registry/sqlite-registry.ts';
import { startIntake } from '../workers/intake-role.ts';
import { keepCrl } from '../workers/line-crl.ts';
import { openLineCa, readIssuers } from '../workers/line-ca.ts';
import { installTemporalRuntime, openLineLog } from '../workers/line-log.ts';
import { startOrchestrator } from '../workers/orchestrator-role.ts';
import { joinRoles } from '../workers/role.ts';
import type { Role } from '../workers/role.ts';
import { findRunningServer } from '../workers/running-server.ts';
import { startSigner } from '../workers/signer-role.ts';
import { ledgerPath, logPath, registryPath } from '../workers/state-folder.ts';
import { startStation } from '../workers/station-role.ts';
import { connectClient, connectWorkers } from '../workers/temporal-connection.ts';
import { WORKER_ROLES } from '../workers/worker-roles.ts';
import type { WorkerRole } from '../workers/worker-roles.ts';
import type { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { TemporalServer } from '../workers/temporal-server/temporal-server.ts';
import { CommandError } from './exit-status.ts';
import type { Invocation } from './invocation.ts';
import { aborted, stopSignal } from './stop-signal.ts';

interface Surroundings extends Invocation {
  readonly client: Client;
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly server: TemporalServer;
  readonly log: Logger;
}

const START: Record<WorkerRole, (surroundings: Surroundings) => Promise<Role>> = {
  orchestrator: orchestrate,
  signer: sign,
  station: attend,
};

/** `certline worker ROLE`: one role of a line that is spread over hosts, until it is stopped. */
export async function runWorkerRole(invocation: Invocation, role: string): Promise<void> {
  const start = START[WORKER_ROLES.find((known) => known === role) ?? unknownRole(role)];
  const { stateFolder } = invocation;
  const signal = stopSignal();
  const log = openLineLog(logPath(stateFolder), role);
  installTemporalRuntime(log);
  const server = await findRunningServer(stateFolder);
  const connection = await connectWorkers(server);
  const { client, connection: clientConnection } = await connectClient(server);
  try {
    const { namespace } = server;
    const running = await start({ ...invocation, client, connection, namespace, server, log });
    process.stdout.write(`${role} up, on ${server.address}, namespace ${namespace}\n`);
    // A worker that has ended takes no work any more: leave, so that whoever supervises it starts it again.
    await Promise.race([aborted(signal), running.ended]);
    await running.stop();
  } finally {
    await clientConnection.close();
    await connection.close();
  }
}

async function orchestrate({
  stateFolder,
  config,
  client,
  connection,
  namespace,
  log,
}: Surroundings): Promise<Role> {
  const { inbox, products, unitsInFlight } = config;
  const registry = new SqliteRegistry(registryPath(stateFolder));
  const orchestrator = await startOrchestrator({ registry, inbox, connection, namespace });
  const intake = await startIntake({ inbox, stateFolder, products, registry, client, unitsInFlight, log });
  return closingAfter(joinRoles([intake, orchestrator]), async () => registry.close());
}

async function sign({ stateFolder, config, connection, namespace, log }: Surroundings): Promise<Role> {
  const ca = openLineCa(stateFolder, config.passphraseFile);
  const ledger = openSqliteLedger(ledgerPath(stateFolder));
  const signer = await startSigner({ ca, ledger, products: config.products, connection, namespace });
  return closingAfter(joinRoles([keepCrl({ ca, ledger, stateFolder, log }), signer]), () => ledger.close());
}

async function attend(surroundings: Surroundings): Promise<Role> {
  const { stateFolder, config } = surroundings;
  if (config.stations.length === 0) {
    throw new CommandError(
      'configuration',
      'The configuration names no station: add its sockets under "stations".',
    );
  }
  const issuers = readIssuers(stateFolder, config.issuersFile);
  const { products } = config;
  const stations = [];
  for (const station of config.stations) {
    stations.push(await startStation({ ...surroundings, config: station, products, issuers }));
  }
  return joinRoles(stations);
}

function closingAfter(role: Role, close: () => Promise<void>): Role {
  return {
    ended: role.ended,
    stop: async () => {
      await role.stop();
      await close();
    },
  };
}

function unknownRole(role: string): never {
  throw new CommandError('usage', `There is no role "${role}": it is one of ${WORKER_ROLES.join(', ')}.`);
}
