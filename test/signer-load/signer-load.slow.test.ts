import { expect, it } from 'vitest';
import { loadFaults } from './load-faults.ts';
import { seedOfRun } from './random-series.ts';

const seed = seedOfRun();

/** Slow machines start a signer, of which there are some fifty here, in seconds. */
const TIMEOUT_MS = 180_000;

it(
  `a signer that is killed at every step and effect keeps its promises, seed ${seed}`,
  async () => {
    const load = { requests: 400, unitsPerBatch: 16, killsEach: 1, requestsBetweenKills: 6 };
    expect(await loadFaults({ ...load, seed })).toEqual([]);
  },
  TIMEOUT_MS,
);
