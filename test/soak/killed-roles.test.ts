import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violations } from '../end-to-end/invariants.ts';
import { readEvidence } from '../end-to-end/line-evidence.ts';
import { dropInto, manifest } from '../end-to-end/line-rig.ts';
import { RolesRig } from '../end-to-end/roles-rig.ts';
import { until } from '../support/until.ts';

const UNITS = 64;
/** A step that was under way at the signer or the registry is missed after 30 s, one at a station after 12 s. */
const PATIENCE_MS = 120_000;

let rig: RolesRig;
beforeAll(async () => {
  rig = await RolesRig.start();
});
afterAll(() => rig?.end());

describe('a lot goes on after a kill -9', () => {
  it.each<[string, number]>([
    ['st-1', 10],
    ['signer', 24],
    ['orchestrator', 38],
    ['st-2', 52],
  ])('of %s, when %i units have passed', async (role, passed) => {
    if (!existsSync(join(rig.inbox, 'lot.csv'))) dropInto(rig.inbox, 'lot.csv', manifest(UNITS));
    await until(`${passed} passed`, () => rig.passed >= passed, PATIENCE_MS);
    await rig.kill(role);
    rig.startRole(role);
    await rig.isUp(role);
    await until('more passed', () => rig.passed > passed, PATIENCE_MS);
    expect(rig.passed).toBeGreaterThan(passed);
  });

  it('to its end, and nothing contradicts anything', async () => {
    await until('all passed', () => rig.passed === UNITS && rig.openBatches === 0, PATIENCE_MS);
    await rig.down();
    expect(violations(rig.places)).toEqual([]);
    expect(readEvidence(rig.places).units).toHaveLength(UNITS);
  });
});
