import { expect, it } from 'vitest';
import { loadFaults } from '../signer-load/load-faults.ts';
import { seedOfRun } from '../signer-load/random-series.ts';

const seed = seedOfRun();

it(`10,000 requests, and a signer that is killed three times at every step and effect, seed ${seed}`, async () => {
  const load = { requests: 10_000, unitsPerBatch: 100, killsEach: 3, requestsBetweenKills: 50 };
  expect(await loadFaults({ ...load, seed })).toEqual([]);
});
