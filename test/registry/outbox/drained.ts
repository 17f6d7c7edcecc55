import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { drain } from '../../../registry/outbox/drain.ts';
import type { DeviceRegistry } from '../../../registry/device-registry.ts';
import type { OutboxDepth } from '../../../registry/outbox.ts';
import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import { imported, openedRegistry, registration, serialsFrom } from '../record/opened.ts';
import { FakeClock } from './fake-clock.ts';

export interface DrainRig {
  readonly clock: FakeClock;
  readonly registry: SqlRegistry;
  readonly serials: readonly string[];
  /** Drains until nothing waits, or for this many milliseconds by the fake clock. */
  readonly drained: (cloud: DeviceRegistry, ms?: number, devicesPerSecond?: number) => Promise<void>;
  readonly depth: (name?: string) => Promise<OutboxDepth>;
  readonly defects: unknown[];
}

/** A folder in memory, where there is one: what a test of time writes need not survive. */
function memoryFolder(): string {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'certline-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A lot of units that passed, and are due at these device registries. */
export async function passedLot(count: number, registries: readonly string[] = ['cloud']): Promise<DrainRig> {
  const clock = new FakeClock();
  const registry = openedRegistry(join(memoryFolder(), 'registry.db'));
  const serials = serialsFrom(1, count);
  await imported(registry, '1', serials);
  for (const serial of serials) await registry.registerUnit({ ...registration(serial), registries });
  const defects: unknown[] = [];
  const depth = async (name = 'cloud'): Promise<OutboxDepth> =>
    (await registry.outbox.depths()).find((each) => each.registry === name)!;
  return {
    clock,
    registry,
    serials,
    defects,
    depth,
    drained: async (cloud, ms = 86_400_000, devicesPerSecond = cloud.pace.devicesPerSecond) => {
      const stop = new AbortController();
      const { outbox } = registry;
      // The outbox is due by the clock of the host; the fake one is set to it.
      clock.startAt(Date.now());
      const before = (await outbox.depths()).find(({ registry: name }) => name === cloud.name);
      let left = before?.waiting ?? 0;
      const parts = {
        registry: cloud,
        devicesPerSecond,
        clock,
        namesIn: () => ({ commonName: 'CN', organization: 'O' }),
        onDefect: (error: unknown) => void defects.push(error),
        outbox: {
          due: (...asked: Parameters<typeof outbox.due>) => outbox.due(...asked),
          book: (...asked: Parameters<typeof outbox.book>) => outbox.book(...asked),
          standing: (name: string) => outbox.standing(name),
          keepAccount: (...asked: Parameters<typeof outbox.keepAccount>) => outbox.keepAccount(...asked),
          forgetAccount: (...asked: Parameters<typeof outbox.forgetAccount>) =>
            outbox.forgetAccount(...asked),
          settle: async (...settled: Parameters<typeof outbox.settle>) => {
            await outbox.settle(...settled);
            left -= settled[1].length;
            if (left <= 0 && (await depth(cloud.name)).waiting === 0) stop.abort();
          },
        },
      };
      await drain(parts, clock.now() + ms, stop.signal);
    },
  };
}
