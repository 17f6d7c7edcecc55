import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTRADICTIONS } from './contradictions.ts';
import { recordPlaces } from './load-places.ts';
import { judgeRecords } from './record-violations.ts';
import { runLoad } from './run-load.ts';

const base = mkdtempSync(join(tmpdir(), 'certline-checker-'));
const good = join(base, 'good');
const compiled = join(good, 'compiled');

afterAll(() => rmSync(base, { recursive: true }));

beforeAll(async () => {
  const load = { seed: 2, requests: 120, unitsPerBatch: 20, killsEach: 0, requestsBetweenKills: 1 };
  const { surprises } = await runLoad({ folder: good, ...load });
  if (surprises.length > 0) throw new Error(surprises.join('; '));
});

describe('the checker of the records', () => {
  it('finds nothing in a good load, as a program too', () => {
    expect(judgeRecords(recordPlaces(good)).violations).toEqual([]);
    const program = new URL('./check-records.ts', import.meta.url).pathname;
    expect(spawnSync(process.execPath, [program, good]).status).toBe(0);
  });

  it.each(CONTRADICTIONS)('names $what', ({ says, make }) => {
    const copy = join(base, 'copy');
    cpSync(good, copy, { recursive: true, filter: (path) => path !== compiled });
    try {
      make(recordPlaces(copy));
      expect(judgeRecords(recordPlaces(copy)).violations).toContainEqual(expect.stringMatching(says));
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});
