import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../cli/doctor/finding.ts';
import { registryPath } from '../../line/state-folder.ts';
import { openPostgresRegistry } from '../../registry/record/open-registry.ts';
import { imported, registration, serialsFrom } from '../registry/record/opened.ts';
import { PostgresServer, POSTGRES_INSTALLED } from '../support/postgres-server.ts';
import { json, newPlace, PRODUCT } from '../support/certline.ts';
import type { Place } from '../support/certline.ts';

const PASSWORD = 'correct-horse-7731';

const root = mkdtempSync(join(tmpdir(), 'certline-postgres-'));
let server: PostgresServer;
let databases = 0;

/** A place whose registry is in a new database of the role `orchestrator`. */
async function placeOnPostgres(): Promise<Place & { database: string; name: string; url: string }> {
  databases += 1;
  const database = `registry_${databases}`;
  await server.sql('postgres', `CREATE DATABASE ${database} OWNER orchestrator`);
  const place = newPlace();
  writeFileSync(join(place.folder, 'registry.password'), `${PASSWORD}\n`, { mode: 0o600 });
  const url = server.urlOf(database, 'orchestrator');
  configure(place, url);
  return { ...place, database, url, name: `127.0.0.1:${server.port}/${database}` };
}

function configure(place: Place, postgres: string): void {
  const registry = { postgres, passwordFile: 'registry.password' };
  place.configure({ inbox: place.inbox, products: [PRODUCT], registry });
}

async function findingOf(place: Place): Promise<Finding | undefined> {
  const { findings } = json(await place.certline('doctor', '--json')) as { findings: Finding[] };
  return findings.find(({ check }) => check === 'registry');
}

describe.skipIf(!POSTGRES_INSTALLED)(
  'commands of a line whose registry is on PostgreSQL (test/pki/lint/install-tools.sh installs it)',
  () => {
    beforeAll(async () => {
      server = await PostgresServer.start(root);
      await server.sql('postgres', `CREATE ROLE orchestrator LOGIN PASSWORD '${PASSWORD}'`);
    });

    afterAll(() => {
      server.kill();
      rmSync(root, { recursive: true, force: true });
    });

    it('make no registry by looking for one', async () => {
      const place = await placeOnPostgres();
      const listed = await place.certline('batch', 'list');
      expect(listed).toMatchObject({ status: 5, stdout: '' });
      expect(listed.stderr).toContain(
        `There is no registry ${place.name}: no orchestrator has run with it yet.`,
      );
      expect(await findingOf(place)).toMatchObject({
        verdict: 'ok',
        says: `${place.name} (created when it is needed)`,
      });
      expect(await server.sql(place.database, `SELECT 1 FROM pg_tables WHERE schemaname = 'public'`)).toEqual(
        [],
      );
    });

    it('show, export and change what is in it', async () => {
      const place = await placeOnPostgres();
      const passwordFile = join(place.folder, 'registry.password');
      const registry = await openPostgresRegistry({ url: place.url, passwordFile });
      await imported(registry, '1', serialsFrom(1, 2));
      await registry.registerUnit({ ...registration('CL-000001'), registries: ['erp'] });
      await registry.close();
      expect(json(await place.certline('batch', 'list', '--json'))).toMatchObject({
        batches: [{ batchId: 'PO-1', passed: 1, open: 1 }],
      });
      expect((await place.certline('unit', 'show', 'cl-000001')).stdout).toContain('PASS');
      expect(json(await place.certline('registry', 'status', '--json'))).toMatchObject({
        registries: [{ registry: 'erp', waiting: 1 }],
      });
      expect(await place.certline('registry', 'retry')).toMatchObject({ status: 0, stderr: '' });
      expect(await place.certline('registry', 'export', join(place.folder, 'out.jsonl'))).toMatchObject({
        status: 0,
      });
      expect(
        await place.certline('batch', 'export', 'PO-1', '--certificates', join(place.folder, 'out')),
      ).toMatchObject({ status: 0 });
      expect(await findingOf(place)).toMatchObject({ verdict: 'ok', says: `${place.name}, 1 batch` });
      expect(existsSync(registryPath(place.state))).toBe(false);
    });

    it('say in a sentence why they cannot, and never the password', async () => {
      const place = await placeOnPostgres();
      const passwordFile = join(place.folder, 'registry.password');
      await (await openPostgresRegistry({ url: place.url, passwordFile })).close();
      const says = async (): Promise<{ status: number; says: string }> => {
        const ended = await place.certline('batch', 'list');
        expect(ended.stdout + ended.stderr).not.toContain(PASSWORD);
        return { status: ended.status, says: ended.stderr };
      };
      configure(place, `postgresql://orchestrator:${PASSWORD}@127.0.0.1/registry`);
      expect(await says()).toEqual({
        status: 4,
        says: expect.stringContaining('registry.postgres: contains a password'),
      });
      configure(place, server.urlOf('nowhere', 'orchestrator'));
      expect((await says()).says).toContain('there is no such database');
      configure(place, place.url);
      writeFileSync(passwordFile, 'wrong\n');
      expect((await says()).says).toContain('its server refuses the user');
      writeFileSync(passwordFile, `${PASSWORD}\n`);
      await server.sql(
        place.database,
        `ALTER DATABASE ${place.database} SET default_transaction_read_only = on`,
      );
      expect(await says()).toEqual({ status: 0, says: '' });
      expect(await findingOf(place)).toMatchObject({
        verdict: 'fail',
        says: expect.stringContaining('read-only'),
      });
      server.kill();
      expect((await says()).says).toContain(
        `The registry ${place.name} cannot be used: its server does not answer: start the server, or fix its address`,
      );
      expect(await findingOf(place)).toMatchObject({ verdict: 'fail', reason: 'disk' });
      server.resume();
    });
  },
);
