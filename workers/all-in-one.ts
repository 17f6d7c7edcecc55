import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Station } from '../fixtures/station/station.ts';
import type { InboxEvent } from '../manifests/intake/inbox.ts';
import type { IssuingCa } from '../pki/ca/issuing-ca.ts';
import type { StationKeys } from '../activities/prove-registration.ts';
import { readVerifierKeys } from '../pki/keys/verifier-key-file.ts';
import type { Registry } from '../registry/registry.ts';
import { closeAll, openInOrder } from './close-all.ts';
import { intakeAndWatch } from './intake-and-watch.ts';
import { socketProducts } from '../line/config.ts';
import type { LineConfig } from '../line/config.ts';
import { openDeviceRegistries } from '../line/device-registries.ts';
import { startOrchestrator } from './orchestrator.ts';
import { enrollOwnStations, stationKeysIn } from '../line/stations.ts';
import { admitOwnIntake, intakeKeysFile, readSignerKeys } from '../line/trusted-keys.ts';
import { rehearseOrders } from '../line/rehearsal-orders.ts';
import type { Monitor } from '../monitoring/monitor.ts';
import { monitorClientCertificate } from './monitor-connection.ts';
import { monitorOrchestrator } from './monitor-orchestrator.ts';
import { monitorStations } from './monitor-stations.ts';
import { joinRoles } from './role.ts';
import type { Role } from './role.ts';
import { openSigner } from './signer.ts';
import { openRegistry } from '../line/registry.ts';
import { startStation } from './station.ts';
import { watchCredentials } from './watch-credentials.ts';
import { ServerConnections } from '../temporal/server-connections.ts';
import type { TemporalServer } from '../temporal/server/temporal-server.ts';

export interface LineOptions {
  readonly config: LineConfig;
  readonly stateFolder: string;
  readonly ca: IssuingCa;
  readonly server: TemporalServer;
  readonly monitor: Monitor;
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
  const { config, stateFolder, ca, server, monitor, log } = options;
  return await openInOrder(log, async (closing) => {
    const connections = await ServerConnections.open(server);
    closing.push(() => connections.close());
    const { client } = connections;
    const registry = await openRegistry({ stateFolder, config }, 'make');
    if (config.notifications !== undefined) registry.notices.start();
    closing.push(() => registry.close());
    const { namespace } = server;
    const keep = <T extends Role>(role: T): T => {
      closing.push(() => role.stop());
      return role;
    };
    const { inbox, products } = config;
    const near = { client, connections, namespace, registry, monitor, log };
    const signer = keep(await openSigner({ stateFolder, config, ca, ...near }));
    const issuers = [ca.certificate];
    const stationKeys: StationKeys = (...asked) => stationKeysIn(signer.ledger, ...asked);
    const intakeKey = admitOwnIntake(stateFolder, config);
    const auditKeys = () => [signer.auditKey];
    const intakes = () => readVerifierKeys(intakeKeysFile(stateFolder, config));
    const trust = { products, issuers, stationKeys, auditKeys, intake: intakeKey, intakes };
    const deviceRegistries = await openDeviceRegistries(stateFolder, config.registries);
    const orchestrator = keep(await startOrchestrator({ ...trust, deviceRegistries, inbox, ...near }));
    await enrollOwnStations(stateFolder, config.stations, signer.ledger);
    const signers = readSignerKeys(stateFolder, config);
    const stations = [];
    const shared = { products, issuers, signers, stateFolder, client, connections, namespace, monitor, log };
    for (const station of config.stations)
      stations.push(keep(await startStation({ ...shared, config: station })));
    const { rehearsal, onInboxEvent } = options;
    const intake = keep(
      await intakeAndWatch({
        config,
        stateFolder,
        registry,
        client,
        log,
        socketProducts: socketProducts(config),
        ...(rehearsal === true && { rehearse: rehearsalOf(stateFolder, products, registry) }),
        ...(onInboxEvent && { onEvent: onInboxEvent }),
      }),
    );
    const ids = config.stations.map(({ id }) => id);
    monitorOrchestrator(monitor, { client, registry, inbox, stations: ids });
    monitorStations(
      monitor,
      stations.map(({ station }) => station),
    );
    monitorClientCertificate(monitor, connections);
    const roles = joinRoles([intake, ...stations, orchestrator, signer]);
    const watch = watchCredentials(connections, log);
    closing.push(async () => watch.stop());
    return {
      client,
      registry,
      stations: stations.map(({ station }) => station),
      ended: Promise.race([roles.ended, watch.lost]),
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
