import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ExclusiveLock } from '../../disk/exclusive-lock.ts';
import { REGISTRY } from '../../registry/record/registry-store.ts';
import { waitForPostgresLock } from '../../sql/postgres-lock.ts';
import { PostgresServer, POSTGRES_INSTALLED } from '../support/postgres-server.ts';
import { until } from '../support/until.ts';

const LOCK = 7;
const root = mkdtempSync(join(tmpdir(), 'certline-postgres-'));
let server: PostgresServer;
let url: string;

/** A process that asks for the lock, and what came of it. */
function asking(): { lock: Promise<ExclusiveLock>; waits: () => number; leave: () => void } {
  const stopping = new AbortController();
  let waits = 0;
  const lock = waitForPostgresLock(REGISTRY, { url }, LOCK, () => void (waits += 1), stopping.signal);
  lock.catch(() => undefined);
  onTestFinished(async () => {
    stopping.abort();
    (await lock.catch(() => undefined))?.release();
  });
  return { lock, waits: () => waits, leave: () => stopping.abort() };
}

describe.skipIf(!POSTGRES_INSTALLED)(
  'a lock of a PostgreSQL server (test/pki/lint/install-tools.sh installs it)',
  () => {
    beforeAll(async () => {
      server = await PostgresServer.start(root);
      url = server.createDatabase('locks');
    });
    afterAll(() => {
      server.kill();
      rmSync(root, { recursive: true, force: true });
    });

    it('is held by one at a time, and who waits may leave', async () => {
      const first = await asking().lock;
      const [second, third] = [asking(), asking()];
      await until('both wait', () => second.waits() > 0 && third.waits() > 0);
      third.leave();
      await expect(third.lock).rejects.toThrow(/abort/i);
      first.release();
      await second.lock;
    });

    it('is lost with its server, and is had again when the server is back', async () => {
      const { lost } = await asking().lock;
      server.kill();
      await lost;
      const again = asking();
      await until('it waits', () => again.waits() > 0);
      server.resume();
      await again.lock;
    });

    it('is not waited for where the database is not there', async () => {
      const { signal } = new AbortController();
      const place = { url: server.urlOf('nowhere') };
      const refused = waitForPostgresLock(REGISTRY, place, LOCK, () => undefined, signal);
      await expect(refused).rejects.toMatchObject({ reason: 'no-database' });
    });
  },
);
