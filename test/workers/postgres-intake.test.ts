import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parseLineConfig } from '../../line/config.ts';
import { openRegistry } from '../../line/registry.ts';
import { registryPath } from '../../line/state-folder.ts';
import type { SqlRegistry } from '../../registry/record/sql-registry.ts';
import { startIntake } from '../../workers/intake.ts';
import { intakeInTurn } from '../../workers/intake-turn.ts';
import type { Role } from '../../workers/role.ts';
import { PostgresServer, POSTGRES_INSTALLED } from '../support/postgres-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const ROWS = 20_000;
const products = [{ name: 'golioth-node', organization: 'test' }];
const root = mkdtempSync(join(tmpdir(), 'certline-postgres-'));
let server: PostgresServer;

/** An orchestrator's intake on a host of its own. */
async function startDesk(inbox: string): Promise<{ role: Role; registry: SqlRegistry; started: string[] }> {
  const stateFolder = temporaryFolder();
  const postgres = server.urlOf('registry');
  const config = parseLineConfig({ inbox, products, registry: { postgres } }, 'the test', stateFolder);
  const place = { stateFolder, config };
  const registry = await openRegistry(place, 'make');
  const started: string[] = [];
  const client = {
    workflow: {
      start: async (_type: string, { args }: { args: [{ batchId: string }] }) =>
        void started.push(args[0].batchId),
      execute: async () => ({ status: 'allowed', listed: false }),
    },
  } as unknown as Client;
  const log = pino({ enabled: false });
  const own = { stateFolder, registry, registryPlace: place, socketProducts: undefined, client, log };
  const role = await intakeInTurn({ ...place, log }, async () => await startIntake({ ...config, ...own }));
  onTestFinished(async () => {
    await role.stop();
    await registry.close();
    expect(existsSync(registryPath(stateFolder))).toBe(false);
  });
  return { role, registry, started };
}

function drop(inbox: string, name: string, prefix: string, rows: number): void {
  const lines = Array.from({ length: rows }, (_row, at) => `PO-1,${prefix}-${at},golioth-node`);
  const hidden = join(inbox, '..', 'dropped');
  writeFileSync(hidden, `order,serial,product\n${lines.join('\n')}\n`);
  utimesSync(hidden, 1_700_000_000, 1_700_000_000);
  renameSync(hidden, join(inbox, name));
}

describe.skipIf(!POSTGRES_INSTALLED)(
  'intakes whose registry is on PostgreSQL (test/pki/lint/install-tools.sh installs it)',
  () => {
    beforeAll(async () => {
      server = await PostgresServer.start(root);
      server.createDatabase('registry');
    });
    afterAll(() => {
      server.kill();
      rmSync(root, { recursive: true, force: true });
    });

    it('take turns at the drop folder, and each takes large manifests in on a thread', async () => {
      const inbox = join(temporaryFolder(), 'inbox');
      mkdirSync(inbox);
      const one = await startDesk(inbox);
      const other = await startDesk(inbox);
      drop(inbox, 'large.csv', 'CL', ROWS);
      await until('the large one is accepted', () => existsSync(join(inbox, 'large.accepted.json')), 60_000);
      await one.role.stop();
      drop(inbox, 'next.csv', 'DL', 2);
      await until('the other one reads', () => existsSync(join(inbox, 'next.accepted.json')), 60_000);
      expect([one.started.length, other.started.length]).toEqual([1, 1]);
      const [next, large] = await other.registry.listBatches();
      expect(await other.registry.batchSummary(large!.batchId)).toMatchObject({ open: ROWS });
      expect(next).toMatchObject({ quantity: 2, startedAt: expect.any(String) });
    });

    it('go on after their server was killed', async () => {
      const inbox = join(temporaryFolder(), 'inbox');
      mkdirSync(inbox);
      await startDesk(inbox);
      server.kill();
      drop(inbox, 'during.csv', 'EL', 3);
      server.resume();
      await until('it is accepted', () => existsSync(join(inbox, 'during.accepted.json')), 60_000);
    });
  },
);
