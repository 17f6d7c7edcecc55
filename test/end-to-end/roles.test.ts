import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caFolder } from '../../line/state-folder.ts';
import { until } from '../support/until.ts';
import { violations } from './invariants.ts';
import { dropInto, manifest } from './line-rig.ts';
import { RolesRig } from './roles-rig.ts';

const UNITS = 16;

let rig: RolesRig;
beforeAll(async () => {
  rig = await RolesRig.start();
});
afterAll(() => rig?.end());

describe('orchestrator, signer and two stations, each a process of its own', () => {
  it('take a lot through', { timeout: 60_000 }, async () => {
    dropInto(rig.inbox, 'lot.csv', manifest(UNITS));
    await until('all passed', () => rig.passed === UNITS, 45_000);
    await until(
      'the result is there',
      () => existsSync(join(rig.inbox, 'lot.result.csv')) && rig.openBatches === 0,
    );
  });

  it('end when they are told', async () => {
    expect(await rig.down()).toEqual({
      orchestrator: 0,
      signer: 0,
      'st-1': 0,
      'st-2': 0,
      boards: 0,
    });
  });

  it('leave nothing that contradicts anything, and the CA where it was', () => {
    expect(violations(rig.places)).toEqual([]);
    for (const role of ['orchestrator', 'st-1', 'st-2'] as const) {
      expect(existsSync(caFolder(rig.stateOf(role)))).toBe(false);
    }
  });
});
