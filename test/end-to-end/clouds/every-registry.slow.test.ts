import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RandomSeries, seedOfRun } from '../../signer-load/random-series.ts';
import { PostgresServer, POSTGRES_INSTALLED } from '../../support/postgres-server.ts';
import { runHostileLot } from './hostile-lot.ts';

/*
 * The lot of 200 with true timeouts is `test/soak/every-registry.test.ts`; here answers are cut off, so that nobody waits for them.
 */
const UNITS = 20;
const KILLS = 4;
/** A drain that was killed is noticed after 30 s, and three may be. */
const PATIENCE_MS = 240_000;
const seed = seedOfRun();
const report = (what: string): void => void process.stdout.write(`${what}\n`);

describe('a lot whose product has every kind of device registry, all of which fail, on a line that is killed', () => {
  it(
    `ends with all of them having exactly what is in use, seed ${seed}`,
    { timeout: 2 * PATIENCE_MS },
    async () => {
      const { found } = await runHostileLot({
        units: UNITS,
        kills: KILLS,
        lost: 'cut-after-commit',
        random: new RandomSeries(seed),
        patienceMs: PATIENCE_MS,
        report,
      });
      expect(found).toEqual([]);
    },
  );

  it.skipIf(!POSTGRES_INSTALLED)(
    `and so with the registry of record on PostgreSQL, which is killed too, seed ${seed} (test/pki/lint/install-tools.sh installs it)`,
    { timeout: 2 * PATIENCE_MS },
    async () => {
      const root = mkdtempSync(join(tmpdir(), 'certline-clouds-'));
      const postgres = await PostgresServer.start(root);
      onTestFinished(() => {
        postgres.kill();
        rmSync(root, { recursive: true, force: true });
      });
      const { found } = await runHostileLot({
        units: UNITS / 2,
        kills: KILLS,
        lost: 'cut-after-commit',
        random: new RandomSeries(seed + 1),
        postgres,
        patienceMs: PATIENCE_MS,
        report,
      });
      expect(found).toEqual([]);
    },
  );
});
