import { describe, expect, it } from 'vitest';
import { runHostileLot } from '../end-to-end/clouds/hostile-lot.ts';
import { RandomSeries, seedOfRun } from '../signer-load/random-series.ts';
import { ownPostgres } from '../support/own-postgres.ts';
import { POSTGRES_INSTALLED } from '../support/postgres-server.ts';

/*
 * A lot whose product has every kind of device registry, while processes are killed at random, some units are revoked and reworked, and
 * each cloud fails one question in twenty and loses the answer to one in fifty that it has carried out. `CERTLINE_UNITS` units
 * (default 200) where it never answers, with the seed `CERTLINE_SEED`; few where it cuts its answer off, so that nobody waits for it.
 */
const UNITS = Number(process.env['CERTLINE_UNITS'] ?? 200);
const seed = seedOfRun();
const report = (what: string): void => void process.stdout.write(`${what}\n`);
/** A drain that was killed is noticed after 30 s, three may be, and pauses after failures double. */
const FEW = { kills: 4, lost: 'cut-after-commit', patienceMs: 600_000, report } as const;

describe('a lot whose product has every kind of device registry, all of which fail, on a line that is killed', () => {
  it(`ends with all of them having exactly what is in use, of ${UNITS} units, although answers never come, seed ${seed}`, async () => {
    const { found } = await runHostileLot({
      units: UNITS,
      kills: 12,
      lost: 'timeout-after-commit',
      random: new RandomSeries(seed),
      // A question without an answer takes 30 s.
      patienceMs: 1_500_000,
      report,
    });
    expect(found).toEqual([]);
  });

  it(`and so although answers are cut off, seed ${seed}`, async () => {
    const { found } = await runHostileLot({ ...FEW, units: 20, random: new RandomSeries(seed) });
    expect(found).toEqual([]);
  });

  it.skipIf(!POSTGRES_INSTALLED)(
    `and so with the registry of record on PostgreSQL, which is killed too, seed ${seed} (test/pki/lint/install-tools.sh installs it)`,
    async () => {
      const { server: postgres } = await ownPostgres();
      const random = new RandomSeries(seed + 1);
      const { found } = await runHostileLot({ ...FEW, units: 10, random, postgres });
      expect(found).toEqual([]);
    },
  );
});
