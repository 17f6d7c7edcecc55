import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logPath, registryPath } from '../../line/state-folder.ts';
import { PostgresServer, POSTGRES_INSTALLED } from '../support/postgres-server.ts';
import { until } from '../support/until.ts';
import { violations } from './invariants.ts';
import { dropInto, manifest, startLineRig } from './line-rig.ts';
import { copyStore } from './postgres-copy.ts';
import { RolesRig, STATIONS } from './roles-rig.ts';

const UNITS = 24;
const MORE = 8;
const PASSWORD = 'correct-horse-7731';
const ORCHESTRATORS = ['one', 'other'] as const;
/** Steps are tried again with growing pauses, up to a minute. */
const PATIENCE_MS = 90_000;

let server: PostgresServer;
let root: string;
let rig: RolesRig;

const logsOf = (): string =>
  ORCHESTRATORS.map((name) => readFileSync(logPath(rig.stateOf(name)), 'utf8')).join('\n');

async function count(condition: string): Promise<number> {
  const [row] = await server.sql<{ n: string }>('registry', `SELECT count(*) AS n FROM ${condition}`);
  return Number(row!.n);
}

const passed = (): Promise<number> => count(`units WHERE outcome = 'PASS'`);

async function allPassed(units: number): Promise<void> {
  const isDone = async (): Promise<boolean> =>
    (await passed()) === units && (await count(`batches WHERE state = 'open'`)) === 0;
  await until(`all ${units} passed`, isDone, PATIENCE_MS);
}

describe.skipIf(!POSTGRES_INSTALLED)(
  'two orchestrators whose registry is on PostgreSQL (test/pki/lint/install-tools.sh installs it)',
  () => {
    beforeAll(async () => {
      root = mkdtempSync(join(tmpdir(), 'certline-postgres-'));
      server = await PostgresServer.start(root);
      await server.sql('postgres', `CREATE ROLE orchestrator LOGIN PASSWORD '${PASSWORD}'`);
      await server.sql('postgres', 'CREATE DATABASE registry OWNER orchestrator');
      const postgres = `postgresql://orchestrator@127.0.0.1:${server.port}/registry`;
      const passwordFile = join(root, 'registry.password');
      writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
      const roles = { orchestrators: ORCHESTRATORS, signers: ['signer'], stations: STATIONS };
      rig = await RolesRig.start({ roles, registry: { postgres, passwordFile } });
    });
    afterAll(async () => {
      await rig?.end();
      server?.kill();
      rmSync(root, { recursive: true, force: true });
    });

    it(
      'take a lot through, although the server dies in the middle',
      { timeout: 2 * PATIENCE_MS },
      async () => {
        dropInto(rig.inbox, 'lot.csv', manifest(UNITS));
        await until('some passed', async () => (await passed()) >= 4, PATIENCE_MS);
        server.kill();
        await until('they notice', () => logsOf().includes('REGISTRY_UNAVAILABLE'), PATIENCE_MS);
        server.resume();
        await allPassed(UNITS);
      },
    );

    it('go on when one of them is killed, the drop folder too', { timeout: 2 * PATIENCE_MS }, async () => {
      await rig.kill('one');
      dropInto(rig.inbox, 'more.csv', manifest(MORE, 'PO-1', 'M'));
      await allPassed(UNITS + MORE);
      rig.startRole('one');
      await rig.isUp('one');
      // It leaves the drop folder; one that was killed has it for another minute.
      process.kill(rig.pids['other']!, 'SIGTERM');
      dropInto(rig.inbox, 'last.csv', manifest(1, 'PO-1', 'L'));
      await allPassed(UNITS + MORE + 1);
      expect(await count('batches')).toBe(3);
    });

    it('are asked on either host', async () => {
      const { batches } = JSON.parse(rig.certline('other', 'batch', 'list', '--json')) as {
        batches: { passed: number }[];
      };
      expect(batches.map((each) => each.passed)).toEqual([1, MORE, UNITS]);
      expect(rig.certline('one', 'unit', 'show', 'CL-000007')).toContain('PASS');
      const file = join(rig.folder, 'registry.jsonl');
      rig.certline('one', 'registry', 'export', file);
      expect(readFileSync(file, 'utf8')).toContain('L-000001');
    });

    it('take one through in a single process as well', { timeout: 60_000 }, async () => {
      const registry = { postgres: server.createDatabase('single') };
      const line = await startLineRig({ registry, operator: { replaceFailed: false } });
      try {
        line.drop('lot.csv', manifest(2));
        const { batchId } = await line.closed('lot.csv');
        expect(await line.line.registry.batchSummary(batchId)).toMatchObject({ passed: 2 });
        expect(existsSync(registryPath(line.folder))).toBe(false);
      } finally {
        await line.end();
      }
    });

    it('leave nothing that contradicts anything, and say the password nowhere', async () => {
      await rig.down();
      const registry = join(rig.folder, 'registry.db');
      await copyStore('registry', server, 'registry', registry);
      expect(violations({ ...rig.places, registry })).toEqual([]);
      for (const name of ORCHESTRATORS) {
        expect(() => readFileSync(registryPath(rig.stateOf(name)))).toThrow('ENOENT');
        expect(rig.outputOf(name)).not.toContain(PASSWORD);
      }
      expect(logsOf()).not.toContain(PASSWORD);
    });
  },
);
