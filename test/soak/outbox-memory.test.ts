import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import type {
  Answer,
  Device,
  DeviceRegistry,
  Presence,
  RegistryPace,
} from '../../registry/device-registry.ts';
import { SYSTEM_CLOCK } from '../../registry/outbox/clock.ts';
import { drain } from '../../registry/outbox/drain.ts';
import { imported, openedRegistry } from '../registry/record/opened.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Entries that wait, and how many of them are sent while memory is watched. */
const WAITING = 1_000_000;
const SENT = 200_000;
/** Memory is compared from here on: until then, code is compiled and caches are filled. */
const SETTLED = 40_000;
const MIB = 2 ** 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A cloud that takes everything at once. */
class QuickRegistry implements DeviceRegistry {
  readonly name = 'cloud';
  readonly guarantees = { signedIsLive: false, canProbe: true };
  readonly pace: RegistryPace = {
    devicesPerSecond: 1_000_000,
    devicesPerCall: 500,
    callsAtOnce: 4,
    gatherMs: 0,
    firstPauseMs: 1_000,
    longestPauseMs: 1_000,
  };

  async probe(): Promise<Presence> {
    return 'absent';
  }

  async put(devices: readonly Device[]): Promise<Answer[]> {
    return devices.map((): Answer => 'done');
  }

  async withdraw(devices: readonly Device[]): Promise<Answer[]> {
    return devices.map((): Answer => 'done');
  }

  async check(): Promise<[]> {
    return [];
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}

/** Rows as registrations write them, in bulk. */
function fill(path: string): void {
  const db = new DatabaseSync(path);
  const { batch_id: batch } = db.prepare('SELECT batch_id FROM batches').get() as { batch_id: string };
  const numbers = `WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i <= ${WAITING})`;
  const at = `'2026-01-01T00:00:00.000Z'`;
  db.exec(`PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -200000; BEGIN;
    ${numbers} INSERT INTO units (unit_id, batch_id, row_number, serial, serial_folded, product, attrs, outcome, step, attempts)
      SELECT i, '${batch}', i, printf('CL-%07d', i), printf('cl-%07d', i), 'node', '{}', 'PASS', 'registerDevice', 1 FROM n;
    ${numbers} INSERT INTO attempts (unit_id, attempt, step) SELECT i, 1, 'registerDevice' FROM n;
    ${numbers} INSERT INTO certificates (fingerprint, certificate_serial, spki_sha256, unit_id, attempt, board_id, der, state,
        not_before, not_after, registered_at, has_old_key)
      SELECT printf('%064x', i), printf('%032x', i), printf('%064x', i), i, 1, printf('%016x', i), zeroblob(440), 'active',
        ${at}, ${at}, ${at}, 0 FROM n;
    ${numbers} INSERT INTO outbox (registry, position, unit_id, batch_id, fingerprint, act, state, recorded_at, due_at)
      SELECT 'cloud', 0, i, '${batch}', printf('%064x', i), 'put', 'due', i, i FROM n;
    COMMIT; PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)`);
  db.close();
}

it(`does not use more memory for ${WAITING} entries than for some`, async () => {
  const path = join(temporaryFolder(), 'registry.db');
  const registry = openedRegistry(path);
  await imported(registry, '1', ['CL-0000001']);
  fill(path);
  const { outbox } = registry;
  const stop = new AbortController();
  let sent = 0;
  let watched = SETTLED;
  const used: { readonly sent: number; readonly heap: number; readonly rss: number }[] = [];
  const parts = {
    registry: new QuickRegistry(),
    devicesPerSecond: 1_000_000,
    clock: SYSTEM_CLOCK,
    namesIn: (certificate: Uint8Array) => ({
      commonName: createHash('sha256').update(certificate).digest('hex').slice(0, 8),
      organization: 'O',
    }),
    onDefect: (error: unknown) => {
      throw error;
    },
    outbox: {
      due: (...asked: Parameters<typeof outbox.due>) => outbox.due(...asked),
      book: (...asked: Parameters<typeof outbox.book>) => outbox.book(...asked),
      standing: (name: string) => outbox.standing(name),
      keepAccount: (...asked: Parameters<typeof outbox.keepAccount>) => outbox.keepAccount(...asked),
      forgetAccount: (...asked: Parameters<typeof outbox.forgetAccount>) => outbox.forgetAccount(...asked),
      settle: async (...settled: Parameters<typeof outbox.settle>) => {
        await outbox.settle(...settled);
        sent += settled[1].length;
        if (sent >= watched) {
          watched += SETTLED;
          collectGarbage();
          const { heapUsed, external, rss } = process.memoryUsage();
          used.push({ sent, heap: (heapUsed + external) / MIB, rss: rss / MIB });
        }
        if (sent >= SENT) stop.abort();
      },
    },
  };
  const from = performance.now();
  await drain(parts, Date.now() + 1_500_000, stop.signal);
  const seconds = (performance.now() - from) / 1_000;
  const shown = used.map(
    ({ sent: count, heap, rss }) => `${count}: ${heap.toFixed(1)} / ${rss.toFixed(0)} MiB`,
  );
  process.stdout.write(`${(sent / seconds).toFixed(0)} a second; heap / all, ${shown.join(', ')}\n`);
  const before = performance.now();
  const [depth] = await outbox.depths();
  const batch = (await registry.listBatches())[0]!.batchId;
  const between = performance.now();
  await outbox.openOf(batch);
  const after = performance.now();
  await outbox.backlog();
  const times = [between - before, after - between, performance.now() - after].map((ms) => ms.toFixed(0));
  process.stdout.write(`depths, openOf, backlog: ${times.join(', ')} ms\n`);
  expect(depth).toMatchObject({ done: sent, waiting: WAITING - sent });
  expect(used.at(-1)!.heap - used[0]!.heap).toBeLessThan(8);
  expect(used.at(-1)!.rss - used[0]!.rss).toBeLessThan(64);
});
