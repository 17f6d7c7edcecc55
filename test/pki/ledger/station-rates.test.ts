import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SqlDatabase } from '../../../sql/sql-database.ts';
import { Ledger } from '../../../pki/ledger/ledger.ts';
import { openLedgerFile } from '../../../pki/ledger/ledger-database.ts';
import { StationRates } from '../../../pki/ledger/station-rates.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const START = Date.UTC(2026, 5, 1, 12);

let databases = 0;
async function newDatabase(perMinute: number): Promise<SqlDatabase> {
  databases += 1;
  const database = openLedgerFile(join(folder, `rates-${databases}.db`));
  await new Ledger(database).stations.admitStation({ stationId: 'st-1', verifier: 'v', perMinute });
  return database;
}

/** How many of so many requests at once pass. */
async function passing(
  rates: StationRates,
  perMinute: number,
  requests: number,
  now: number,
): Promise<number> {
  const station = { stationId: 'st-1', perMinute };
  const asked = Array.from({ length: requests }, () => rates.take(station, now));
  return (await Promise.all(asked)).filter(Boolean).length;
}

describe('the allowance of a station', () => {
  it('is a minute’s worth at once, and then what time brings', async () => {
    const rates = new StationRates(await newDatabase(60));
    expect(await passing(rates, 60, 100, START)).toBe(60);
    expect(await passing(rates, 60, 100, START + 1_000)).toBe(1);
    expect(await passing(rates, 60, 100, START + 31_000)).toBe(30);
    expect(await passing(rates, 60, 100, START + 3_600_000)).toBe(60);
  });

  it.each([7, 60_001, 90_000, 1_000_000])(
    'is exactly %d a minute, however often it is used up',
    async (perMinute) => {
      const rates = new StationRates(await newDatabase(perMinute));
      const station = { stationId: 'st-1', perMinute };
      const most = Math.floor(perMinute * (1 + 20 / 60_000));
      let passed = 0;
      for (let ms = 0; ms <= 20; ms += 1)
        while (passed <= most + 1 && (await rates.take(station, START + ms))) passed += 1;
      expect(passed).toBeGreaterThanOrEqual(perMinute);
      expect(passed).toBeLessThanOrEqual(most + 1);
    },
  );

  it('is not given anew by a restart, which costs ten seconds’ worth at most', async () => {
    const database = await newDatabase(60);
    expect(await passing(new StationRates(database), 60, 55, START)).toBe(55);
    expect(await passing(new StationRates(database), 60, 100, START + 100)).toBe(0);
    expect(await passing(new StationRates(database), 60, 100, START + 20_000)).toBe(20);
  });

  it('is one for two signers, even if their clocks differ', async () => {
    const database = await newDatabase(60);
    const [one, other] = [new StationRates(database), new StationRates(database)];
    expect(await passing(one, 60, 30, START)).toBe(30);
    expect(await passing(other, 60, 100, START)).toBe(30);
    expect(await passing(one, 60, 100, START + 240_000)).toBe(60);
    expect(await passing(other, 60, 100, START + 1_000)).toBe(0);
    expect(await passing(one, 60, 100, START + 241_000)).toBe(1);
  });

  it('comes back after a clock was years ahead', async () => {
    const database = await newDatabase(60);
    await passing(new StationRates(database), 60, 1, Date.UTC(2099, 0, 1));
    const rates = new StationRates(database);
    expect(await passing(rates, 60, 1, START)).toBe(0);
    expect(await passing(rates, 60, 100, START + 60_000)).toBe(60);
  });

  it('is written down six times a minute, however busy the station', async () => {
    const database = await newDatabase(6_000);
    let writes = 0;
    const counting: SqlDatabase = {
      read: (work) => database.read(work),
      snapshot: (work) => database.snapshot(work),
      write: (work) => {
        writes += 1;
        return database.write(work);
      },
      waitBetweenGroups: (wait) => database.waitBetweenGroups(wait),
      assertWritable: () => database.assertWritable(),
      close: () => database.close(),
    };
    const rates = new StationRates(counting);
    let passed = 0;
    for (let second = 0; second < 60; second += 1)
      passed += await passing(rates, 6_000, 100, START + second * 1_000);
    expect(passed).toBe(6_000);
    expect(writes).toBeLessThanOrEqual(7);
  });

  it('cannot be stretched, whatever is asked when, of whom, and however often they restart', async () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 20_000 }),
      requests: fc.integer({ min: 1, max: 40 }),
      signer: fc.integer({ min: 0, max: 1 }),
      restart: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 90 }),
        fc.array(step, { maxLength: 25 }),
        async (perMinute, steps) => {
          const database = await newDatabase(perMinute);
          const signers = [new StationRates(database), new StationRates(database)];
          let now = START;
          let passed = 0;
          for (const { afterMs, requests, signer, restart } of steps) {
            now += afterMs;
            if (restart) signers[signer] = new StationRates(database);
            passed += await passing(signers[signer]!, perMinute, requests, now);
            // Times are kept in whole milliseconds.
            expect(passed).toBeLessThanOrEqual(
              perMinute + ((now - START + steps.length) * perMinute) / 60_000,
            );
          }
          await database.close();
        },
      ),
      { numRuns: 30 },
    );
  });
});
