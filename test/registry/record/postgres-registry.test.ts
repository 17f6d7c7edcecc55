import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openPostgresRegistry } from '../../../registry/record/open-registry.ts';
import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import { PostgresServer, POSTGRES_INSTALLED } from '../../support/postgres-server.ts';
import { imported, registration, serialsFrom } from './opened.ts';
import { describeRegistry } from './registry-conformance.ts';

const root = mkdtempSync(join(tmpdir(), 'certline-postgres-'));
let server: PostgresServer;

async function connected(database = 'registry'): Promise<SqlRegistry> {
  const registry = await openPostgresRegistry({ url: server.urlOf(database) });
  onTestFinished(() => registry.close());
  return registry;
}

/** The one database, as new. */
async function opened(): Promise<SqlRegistry> {
  const registry = await connected();
  await server.sql(
    'registry',
    `TRUNCATE batches, units, staged_batches, reworks, rejected_boards, revocations, revocation_lists, device_registries,
       signer_logs, accepted_signer_logs, notices CASCADE`,
  );
  return registry;
}

describe.skipIf(!POSTGRES_INSTALLED)(
  'a registry on PostgreSQL (test/pki/lint/install-tools.sh installs it)',
  () => {
    beforeAll(async () => {
      server = await PostgresServer.start(root);
      // Its texts are not in the order of their bytes, and I in lower case is no i.
      const turkish = `LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' ENCODING 'UTF8'`;
      await server.sql('postgres', `CREATE DATABASE registry TEMPLATE template0 ${turkish}`);
    });

    afterAll(() => {
      server.kill();
      rmSync(root, { recursive: true, force: true });
    });

    describeRegistry(opened);

    it('reads one state of it, whatever else is written meanwhile', async () => {
      const [one, other] = [await opened(), await connected()];
      await imported(one, '1', serialsFrom(1, 30));
      const writing = serialsFrom(1, 30).map((serial) => other.registerUnit(registration(serial)));
      const contradictions = [];
      for (let left = 30; left > 0; left = (await one.batchSummary('PO-1')).open)
        for await (const { outcome, certificates } of one.unitRecords('PO-1'))
          if ((outcome === 'PASS') !== (certificates.length === 1)) contradictions.push(outcome);
      await Promise.all(writing);
      expect(contradictions).toEqual([]);
    });

    it('is made by two that start at once; of another version it is not touched', async () => {
      const url = server.createDatabase('twice');
      const both = await Promise.all([1, 2].map(() => openPostgresRegistry({ url })));
      expect((await imported(both[0]!, '1', ['CL-1'])).status).toBe('imported');
      expect(await both[1]!.unit('CL-1')).toMatchObject({ batchId: 'PO-1' });
      await Promise.all(both.map((each) => each.close()));
      await server.sql('twice', 'UPDATE registry_version SET version = version - 1');
      await expect(openPostgresRegistry({ url }, 'read')).rejects.toMatchObject({ reason: 'older' });
      await server.sql('twice', 'UPDATE registry_version SET version = 99');
      await expect(openPostgresRegistry({ url })).rejects.toMatchObject({ reason: 'newer' });
      expect(await openPostgresRegistry({ url: server.createDatabase('empty') }, 'read')).toBeUndefined();
    });

    it('records all of a pass or nothing while its server is killed, and goes on when it is back', async () => {
      const registry = await opened();
      const serials = serialsFrom(1, 20);
      await imported(registry, '1', serials);
      const pass = (serial: string): Promise<void> => registry.registerUnit(registration(serial));
      await pass(serials[0]!);
      const passing = Promise.allSettled(serials.map(pass));
      server.kill();
      for (const each of await passing)
        if (each.status === 'rejected')
          expect(each.reason).toMatchObject({ code: 'REGISTRY_UNAVAILABLE', reason: 'connection' });
      await expect(registry.unit(serials[0]!)).rejects.toMatchObject({ reason: 'connection' });
      server.resume();
      for (const serial of serials) await pass(serial);
      for await (const { outcome, certificates } of registry.unitRecords('PO-1'))
        expect([outcome, certificates.length]).toEqual(['PASS', 1]);
    });

    it('says in a sentence why it cannot be used', async () => {
      const nowhere = openPostgresRegistry({ url: server.urlOf('nowhere') });
      await expect(nowhere).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE', reason: 'no-database' });
      await expect(openPostgresRegistry({ url: 'postgres://a:secret@127.0.0.1:1/b' })).rejects.toMatchObject({
        reason: 'connection',
        message: expect.stringMatching(
          /^The registry 127\.0\.0\.1:1\/b cannot be used: its server does not answer/,
        ),
      });
      await server.sql('postgres', "CREATE ROLE crowd LOGIN PASSWORD 'secret' CONNECTION LIMIT 0");
      const secret = join(root, 'of-the-crowd');
      writeFileSync(secret, 'secret', { mode: 0o600 });
      const crowded = openPostgresRegistry({ url: server.urlOf('registry', 'crowd'), passwordFile: secret });
      await expect(crowded).rejects.toMatchObject({
        code: 'REGISTRY_UNAVAILABLE',
        message: expect.stringContaining('takes no more connections: raise max_connections'),
      });
      const passwordFile = join(root, 'open-to-all');
      writeFileSync(passwordFile, 'secret', { mode: 0o644 });
      const url = server.urlOf('registry', 'stranger');
      await expect(openPostgresRegistry({ url, passwordFile })).rejects.toMatchObject({
        reason: 'login',
        message: expect.stringContaining('others can read it'),
      });
    });

    it('says when a value cannot be stored, and goes on', async () => {
      const registry = await opened();
      await imported(registry, '1', ['CL-1']);
      await expect(registry.neverBegun('PO-1', 2 ** 40, 1)).rejects.toMatchObject({
        code: 'REGISTRY_FAULT',
        reason: 'unexpected',
      });
      const decidedAt = '2026-01-01T00:00:00.000Z';
      await registry.recordBatchDecision('PO-1', { verdict: 'pause', reason: 'a\0b', decidedAt });
      expect(await registry.batchDecisions('PO-1')).toMatchObject([{ reason: 'a\uFFFDb' }]);
    });
  },
);
