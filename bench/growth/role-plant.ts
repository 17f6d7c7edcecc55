import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { openLineAudit } from '../../line/audit.ts';
import { ensureDemoCa } from '../../line/ca.ts';
import type { LineConfig } from '../../line/config.ts';
import { openLedger } from '../../line/ledger.ts';
import { openRegistry } from '../../line/registry.ts';
import { rehearseOrders } from '../../line/rehearsal-orders.ts';
import { enrollOwnStations } from '../../line/stations.ts';
import { admitOwnIntake, openPermitKey } from '../../line/trusted-keys.ts';
import { verifierText } from '../../pki/keys/signed-note.ts';
import type { BatchRecord, Registry } from '../../registry/registry.ts';
import { connectClient } from '../../temporal/connection.ts';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';
import { WORKER_ROLES } from '../../workers/worker-roles.ts';
import { manifestOf, plantConfig, PRODUCT, startBoards } from '../pipeline/virtual-boards.ts';
import type { PlantSize } from '../pipeline/virtual-boards.ts';

/** Where the orchestrator finds the keys of signer and stations, and each role its configuration: in the state folder. */
const STATION_KEYS = 'station-keys';
const CONFIG = 'line.json';

/** A line whose roles are processes of their own, on virtual boards without latency. */
export interface RolePlant {
  readonly client: Client;
  readonly registry: Registry;
  /** By role; the boards are `virtual boards`. */
  readonly pids: Readonly<Record<string, number>>;
  /** The JavaScript memory of each role after its garbage was collected, bytes. */
  heaps(): Promise<Readonly<Record<string, NodeJS.MemoryUsage>>>;
  /** Drops a lot; resolves when its batch is started. */
  drop(name: string, units: number): Promise<BatchRecord>;
  stop(): Promise<void>;
}

export async function startRolePlant(
  folder: string,
  server: TemporalServer,
  size: PlantSize,
): Promise<RolePlant> {
  const more = { stationKeysFile: STATION_KEYS };
  const config = plantConfig(folder, size, more);
  mkdirSync(config.inbox, { recursive: true });
  writeFileSync(join(folder, CONFIG), JSON.stringify(config));
  await introduce(folder, config);
  const boards = await startBoards(folder, size);
  const roles = new Map<string, ChildProcess>();
  for (const role of WORKER_ROLES) roles.set(role, await startRole(role, folder));
  const { client, connection } = await connectClient(server);
  const registry = await openRegistry({ stateFolder: folder, config }, 'make');
  const heapOf = async (role: ChildProcess): Promise<NodeJS.MemoryUsage> => {
    role.send('memory');
    const [usage] = (await once(role, 'message')) as [NodeJS.MemoryUsage];
    return usage;
  };
  return {
    client,
    registry,
    pids: {
      ...Object.fromEntries([...roles].map(([name, { pid }]) => [name, pid!])),
      'virtual boards': boards.pid,
    },
    heaps: async () => {
      const found = [...roles].map(async ([name, role]) => [name, await heapOf(role)] as const);
      return Object.fromEntries(await Promise.all(found));
    },
    drop: async (name, units) => {
      const order = `PO-${name.toUpperCase()}`;
      await signOrder(folder, order, units);
      writeFileSync(join(config.inbox, `${name}.csv`), manifestOf(name.toUpperCase(), units));
      for (;;) {
        const batches = await registry.listBatches();
        const batch = batches.find(({ manifest }) => manifest === `${name}.csv`);
        if (batch?.startedAt !== undefined) return batch;
        await sleep(50);
      }
    },
    stop: async () => {
      for (const role of roles.values()) {
        role.disconnect();
        if (role.exitCode === null) await once(role, 'exit');
      }
      await connection.close();
      await registry.close();
      await boards.stop();
    },
  };
}

/** Signs an order for so many units, as the OEM would. */
async function signOrder(folder: string, order: string, quantity: number): Promise<void> {
  const batch = { order, quantity, importedAt: new Date().toISOString() } as BatchRecord;
  await rehearseOrders({ stateFolder: folder, products: [PRODUCT], listBatches: async () => [batch] })(order);
}

/** Makes the keys of all roles, and gives each those that it believes, as docs/deployment.md has people do it. */
async function introduce(folder: string, config: LineConfig): Promise<void> {
  await ensureDemoCa(folder);
  openPermitKey(folder);
  admitOwnIntake(folder, config);
  const ledger = await openLedger({ stateFolder: folder, config }, 'make');
  await enrollOwnStations(folder, config.stations, ledger);
  const { key } = await openLineAudit({ stateFolder: folder, ledger, witnessFile: undefined });
  const stations = await ledger.stations.stations();
  const keys = [verifierText(key.verifier), ...stations.map(({ verifier }) => verifier)];
  writeFileSync(join(folder, STATION_KEYS), `${keys.join('\n')}\n`);
  await ledger.close();
}

async function startRole(role: string, folder: string): Promise<ChildProcess> {
  const child = fork(new URL('./role.ts', import.meta.url), [role, folder, join(folder, CONFIG)], {
    execArgv: ['--expose-gc'],
  });
  const [up] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  if (up !== 'up') throw new Error(`the ${role} did not start`);
  return child;
}
