import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Station } from '../fixtures/station/station.ts';
import type { InboxEvent } from '../manifests/intake/inbox.ts';
import type { IssuingCa } from '../pki/ca/issuing-ca.ts';
import { parseVerifier } from '../pki/keys/signed-note.ts';
import type { NoteVerifier } from '../pki/keys/signed-note.ts';
import { SqliteRegistry } from '../registry/sqlite/sqlite-registry.ts';
import type { Registry } from '../registry/registry.ts';
import { closeAll, openInOrder } from './close-all.ts';
import { startIntake } from './intake.ts';
import { socketProducts } from '../line/config.ts';
import type { LineConfig } from '../line/config.ts';
import { startOrchestrator } from './orchestrator.ts';
import { enrollOwnStations } from '../line/stations.ts';
import { admitOwnIntake, readSignerKeys } from '../line/trusted-keys.ts';
import { rehearseOrders } from '../line/rehearsal-orders.ts';
import { watchRoles } from './role-watch.ts';
import { joinRoles } from './role.ts';
import type { Role } from './role.ts';
import { openSigner } from './signer.ts';
import { registryPath } from '../line/state-folder.ts';
import { startStation } from './station.ts';
import { connectClient } from '../temporal/connection.ts';
import { connectWorkers } from '../temporal/worker-connection.ts';
import type { TemporalServer } from '../temporal/server/temporal-server.ts';

export interface LineOptions {
  readonly config: LineConfig;
  readonly stateFolder: string;
  readonly ca: IssuingCa;
  readonly server: TemporalServer;
  readonly log: Logger;
  /** Plays the OEM: signs an order for each batch that starts. Only where there is no OEM. */
  readonly rehearsal?: boolean;
  readonly onInboxEvent?: (event: InboxEvent) => void;
}

/** Every role of a line in one process. */
export interface Line extends Role {
  readonly client: Client;
  readonly registry: Registry;
  readonly stations: readonly Station[];
}

/** Starts orchestrator, signer, the configured stations and the intake, in that order. */
export async function startLine(options: LineOptions): Promise<Line> {
  const { config, stateFolder, ca, server, log } = options;
  return await openInOrder(log, async (closing) => {
    const connection = await connectWorkers(server);
    closing.push(() => connection.close());
    const { client, connection: clientConnection } = await connectClient(server);
    closing.push(() => clientConnection.close());
    const registry = new SqliteRegistry(registryPath(stateFolder));
    closing.push(async () => registry.close());
    const { namespace } = server;
    const keep = <T extends Role>(role: T): T => {
      closing.push(() => role.stop());
      return role;
    };
    const { inbox, manufacturers, products, unitsInFlight } = config;
    const signer = keep(await openSigner({ stateFolder, config, ca, connection, namespace, registry, log }));
    const issuers = [ca.certificate];
    const { stations: admitted } = signer.ledger;
    const stationKey = async (stationId: string): Promise<NoteVerifier | undefined> => {
      const station = await admitted.station(stationId);
      return station?.state === 'enrolled' ? parseVerifier(station.verifier) : undefined;
    };
    const intakeKey = admitOwnIntake(stateFolder, config);
    const trust = { products, issuers, stationKey, intake: intakeKey };
    const places = { registry, inbox, client, connection, namespace };
    const orchestrator = keep(await startOrchestrator({ ...trust, ...places }));
    await enrollOwnStations(stateFolder, config.stations, signer.ledger);
    const signers = readSignerKeys(stateFolder, config);
    const stations = [];
    const shared = { products, issuers, signers, stateFolder, client, server, log };
    for (const station of config.stations)
      stations.push(keep(await startStation({ ...shared, config: station })));
    const intake = keep(
      await startIntake({
        inbox,
        manufacturers,
        socketProducts: socketProducts(config),
        stateFolder,
        products,
        registry,
        client,
        unitsInFlight,
        log,
        ...(options.rehearsal === true && { rehearse: rehearsalOf(stateFolder, products, registry) }),
        ...(options.onInboxEvent && { onEvent: options.onInboxEvent }),
      }),
    );
    const watch = keep(watchRoles({ client, stations: config.stations.map(({ id }) => id), log }));
    const roles = joinRoles([intake, ...stations, orchestrator, signer, watch]);
    return {
      client,
      registry,
      stations: stations.map(({ station }) => station),
      ended: roles.ended,
      stop: () => closeAll(closing),
    };
  });
}

function rehearsalOf(
  stateFolder: string,
  products: LineConfig['products'],
  registry: Registry,
): (order: string) => Promise<void> {
  const names = products.map(({ name }) => name);
  return rehearseOrders({ stateFolder, products: names, listBatches: () => registry.listBatches() });
}
