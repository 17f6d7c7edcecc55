import { expect, it } from 'vitest';
import { drain } from '../../../registry/outbox/drain.ts';
import { SYSTEM_CLOCK } from '../../../registry/outbox/clock.ts';
import { openPostgresRegistry } from '../../../registry/record/open-registry.ts';
import { ownPostgres } from '../../support/own-postgres.ts';
import { POSTGRES_INSTALLED } from '../../support/postgres-server.ts';
import { imported, registration, serialsFrom } from '../record/opened.ts';
import { ScriptedRegistry } from './scripted-registry.ts';

const RATE = 50;
const UNITS = 120;

it.skipIf(!POSTGRES_INSTALLED)(
  'keep one rate together where they share a registry on PostgreSQL, and send all (test/pki/lint/install-tools.sh installs it)',
  async () => {
    const { server } = await ownPostgres();
    const url = server.createDatabase('registry');
    const [one, other] = await Promise.all([1, 2].map(() => openPostgresRegistry({ url })));
    const orchestrators = [one!, other!];
    const serials = serialsFrom(1, UNITS);
    await imported(one!, '1', serials);
    for (const serial of serials) await one!.registerUnit({ ...registration(serial), registries: ['cloud'] });
    // Each has an adapter of its own, and both speak to the same cloud.
    const clouds = orchestrators.map(
      () => new ScriptedRegistry(SYSTEM_CLOCK, 'cloud', { devicesPerSecond: RATE }, 20),
    );
    const stop = new AbortController();
    const drains = orchestrators.map(({ outbox }, at) => {
      const parts = {
        registry: clouds[at]!,
        devicesPerSecond: RATE,
        clock: SYSTEM_CLOCK,
        outbox,
        namesIn: () => ({ commonName: 'CN', organization: 'O' }),
        onDefect: (error: unknown) => expect.unreachable(String(error)),
      };
      return drain(parts, Date.now() + 30_000, stop.signal);
    });
    const isDone = async (): Promise<boolean> =>
      (await one!.outbox.depths()).every(({ waiting, parked }) => waiting + parked === 0);
    await expect.poll(isDone, { interval: 50, timeout: 25_000 }).toBe(true);
    stop.abort();
    await Promise.all(drains);
    const inUse = new Set(clouds.flatMap((cloud) => [...cloud.inUse]));
    expect(inUse.size).toBe(UNITS);
    const times = clouds.flatMap(({ sent }) => sent.map(({ at }) => at)).toSorted((a, b) => a - b);
    for (const cloud of clouds) expect(cloud.sent.length).toBeGreaterThan(0);
    // In any second, whenever it begins: each of them may be late with one.
    let worst = 0;
    for (let from = 0, to = 0; from < times.length; from += 1) {
      while (to < times.length && times[to]! < times[from]! + 1_000) to += 1;
      worst = Math.max(worst, to - from);
    }
    expect(worst).toBeLessThanOrEqual(RATE + 3);
    await Promise.all(orchestrators.map((each) => each.close()));
  },
  60_000,
);
