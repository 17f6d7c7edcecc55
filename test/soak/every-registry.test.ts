import { expect, it } from 'vitest';
import { runHostileLot } from '../end-to-end/clouds/hostile-lot.ts';
import { RandomSeries, seedOfRun } from '../signer-load/random-series.ts';

/*
 * A lot whose product has every kind of device registry, while processes are killed at random, some units are revoked and reworked, and
 * each cloud fails one question in twenty and never answers one in fifty that it has carried out. `CERTLINE_UNITS` units (default
 * 200), with the seed `CERTLINE_SEED`.
 */
const UNITS = Number(process.env['CERTLINE_UNITS'] ?? 200);
const KILLS = 12;
/** A question without an answer takes 30 s. */
const PATIENCE_MS = 1_500_000;
const seed = seedOfRun();

it(`ends with every registry having exactly what is in use, of ${UNITS} units, seed ${seed}`, async () => {
  const { found } = await runHostileLot({
    units: UNITS,
    kills: KILLS,
    lost: 'timeout-after-commit',
    random: new RandomSeries(seed),
    patienceMs: PATIENCE_MS,
    report: (what) => void process.stdout.write(`${what}\n`),
  });
  expect(found).toEqual([]);
});
