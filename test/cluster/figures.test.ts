import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { usageOf } from '../../bench/process-usage.ts';
import { connectClient } from '../../temporal/connection.ts';
import { openTemporalServer } from '../../temporal/server/open-temporal-server.ts';
import { readServerRecord } from '../../temporal/server/server-record.ts';
import { childrenOf } from '../end-to-end/line-process.ts';
import { rowsOf } from '../end-to-end/line-evidence.ts';
import { dropInto, manifest } from '../end-to-end/line-rig.ts';
import { RolesRig } from '../end-to-end/roles-rig.ts';
import { until } from '../support/until.ts';
import { ROLES, startClusterRig } from './cluster-rig.ts';
import { stepTimes } from './step-times.ts';
import { CLUSTER_INSTALLED } from './temporal-cluster.ts';

const WARM_UP = 32;
const UNITS = 200;
const PATIENCE_MS = 300_000;

/** Process ids by what they are. */
type Processes = () => Readonly<Record<string, readonly number[]>>;

/** Takes a lot through and says what it cost; the same roles each time, so that the servers can be compared. */
async function measure(what: string, rig: RolesRig, processes: Processes): Promise<number> {
  await lot(rig, 'warm-up', 'WU', WARM_UP);
  const before = cpuOf(processes());
  await lot(rig, 'lot', 'CL', UNITS);
  const after = cpuOf(processes());
  const [batch] = rowsOf<{ began: string; ended: string }>(
    rig.places.registry,
    `SELECT started_at AS began, closed_at AS ended FROM batches WHERE manifest = 'lot.csv'`,
  );
  const seconds = (Date.parse(batch!.ended) - Date.parse(batch!.began)) / 1_000;
  const costs = Object.keys(after).map((name) => {
    const perUnit = (after[name]! - before[name]!) / UNITS;
    return `${name} ${perUnit.toFixed(0)} ms`;
  });
  console.log(`${what}: ${(UNITS / seconds).toFixed(1)} units/s; CPU per unit: ${costs.join(', ')}`);
  const serials = Array.from({ length: UNITS }, (_, index) => `CL-${String(index + 1).padStart(6, '0')}`);
  for (const { step, medianMs, p95Ms } of await timesOf(rig, serials))
    console.log(`  ${step}: median ${medianMs} ms, p95 ${p95Ms} ms`);
  return rig.passed;
}

async function lot(rig: RolesRig, name: string, prefix: string, units: number): Promise<void> {
  const before = rig.passed;
  dropInto(rig.inbox, `${name}.csv`, manifest(units, 'PO-1', prefix));
  const isDone = (): boolean => rig.passed === before + units && rig.openBatches === 0;
  await until(`${name} is done`, isDone, PATIENCE_MS);
}

async function timesOf(rig: RolesRig, serials: readonly string[]): ReturnType<typeof stepTimes> {
  const server = await openTemporalServer({
    directory: rig.folder,
    searchAttributes: {},
    environment: rig.environmentOf(ROLES.orchestrators[0]!),
    report: () => undefined,
  });
  const { client, connection } = await connectClient(server);
  try {
    return await stepTimes(client, serials);
  } finally {
    await connection.close();
  }
}

/** Milliseconds of CPU so far. */
function cpuOf(processes: ReturnType<Processes>): Record<string, number> {
  const sum = (pids: readonly number[]): number =>
    pids.map((pid) => usageOf(pid).cpuMs).reduce((one, other) => one + other, 0);
  return Object.fromEntries(Object.entries(processes).map(([name, pids]) => [name, sum(pids)]));
}

function rolesOf({ pids }: RolesRig): Record<string, readonly number[]> {
  const these = (names: readonly string[]): number[] => names.map((name) => pids[name]!);
  return {
    orchestrators: these(ROLES.orchestrators),
    signers: these(ROLES.signers),
    stations: these(ROLES.stations),
    'virtual boards': [pids['boards']!],
  };
}

describe('a lot of 200 on eight roles', () => {
  it('on a dev server, with the ledgers in one file', async () => {
    const rig = await RolesRig.start({ roles: { ...ROLES, signers: ['signer-1'] } });
    try {
      const { process } = readServerRecord(join(rig.folder, 'temporal'))!;
      const { signers: _, ...roles } = rolesOf(rig);
      const passed = await measure('dev server', rig, () => ({
        server: [process.pid],
        ...roles,
        signer: [rig.pids['signer-1']!],
      }));
      expect(passed).toBe(WARM_UP + UNITS);
    } finally {
      await rig.end();
    }
  });

  it.skipIf(!CLUSTER_INSTALLED)(
    'on the production topology (test/cluster/install.sh builds the server)',
    async () => {
      const rig = await startClusterRig();
      const { roles, cluster } = rig;
      try {
        const database = (): number[] => [cluster.postgres.pid, ...childrenOf(cluster.postgres.pid)];
        const passed = await measure('cluster', roles, () => ({
          server: cluster.pids,
          PostgreSQL: database(),
          ...rolesOf(roles),
        }));
        expect(passed).toBe(WARM_UP + UNITS);
      } finally {
        await rig.end();
      }
    },
  );
});
