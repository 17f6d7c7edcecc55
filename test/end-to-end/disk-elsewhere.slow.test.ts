import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../temporal/server/server-ports.ts';
import { json, newPlace } from '../support/certline.ts';
import { until } from '../support/until.ts';
import { fillDisk } from './fill-disk.ts';
import { violations } from './invariants.ts';
import { dropInto, manifest } from './line-rig.ts';
import { RolesRig } from './roles-rig.ts';

const UNITS = 40;
const WITH_DISKS = ['signer', 'orchestrator', 'st-1'] as const;
const PATIENCE_MS = 120_000;

const disks: string[] = [];
const metrics = new Map<string, string>();
let rig: RolesRig;

/** Each of these roles has a disk of its own, which is small. */
function mountDisks(folder: string): void {
  for (const role of WITH_DISKS) {
    const disk = join(folder, role);
    mkdirSync(disk);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk]);
    if (mounted.status !== 0) throw new Error(String(mounted.stderr));
    disks.push(disk);
  }
}

async function isReady(role: string): Promise<boolean> {
  return (await fetch(`http://${metrics.get(role)}/readyz`)).ok;
}

describe.skipIf(process.getuid?.() !== 0)(
  'a disk that is full on another host (root only: it is mounted)',
  () => {
    beforeAll(async () => {
      for (const role of WITH_DISKS) metrics.set(role, `127.0.0.1:${await freePort()}`);
      rig = await RolesRig.start({
        orchestrator: async (folder) => {
          mountDisks(dirname(folder));
          return {};
        },
        metrics,
      });
    }, PATIENCE_MS);
    afterAll(async () => {
      await rig?.end({ keeps: true });
      for (const disk of disks) spawnSync('umount', ['-l', disk]);
      if (rig !== undefined) rmSync(rig.folder, { recursive: true, force: true });
    });

    // In this order, because a log file of SQLite that has grown needs no more room: each of them is refused something.
    it.each([
      ['st-1', /^record of station st-1 on host \S+: .*free disk space/],
      ['orchestrator', /^registry on host \S+: .*(full|input-output)/],
      ['signer', /^ledger on host \S+: .*(full|input-output)/],
    ] as const)(
      'of %s is named by line status, and all units pass when there is room',
      { timeout: 3 * PATIENCE_MS },
      async (role, says) => {
        const before = rig.passed;
        // With it, all units might pass before anybody looks.
        await rig.kill('st-2');
        const ballast = join(rig.stateOf(role), 'ballast');
        dropInto(rig.inbox, `${role}.csv`, manifest(UNITS, 'PO-1', role.toUpperCase()));
        await until('some passed', () => rig.passed >= before + 4, PATIENCE_MS);
        fillDisk(ballast);
        const { TEMPORAL_ADDRESS } = rig.environmentOf('st-2');
        const desk = newPlace({ TEMPORAL_ADDRESS: TEMPORAL_ADDRESS! });
        const needs = async (): Promise<readonly string[]> =>
          (json(await desk.certline('line', 'status', '--json')) as { needs: readonly string[] }).needs;
        await until('it is named', async () => (await needs()).some((each) => says.test(each)), PATIENCE_MS);
        expect(await isReady(role)).toBe(false);
        rmSync(ballast);
        rig.startRole('st-2');
        const isDone = (): boolean => rig.passed === before + UNITS && rig.openBatches === 0;
        await until('all passed', isDone, PATIENCE_MS);
        await until('it is ready', () => isReady(role));
        await until('nobody is needed', async () => (await needs()).length === 0, PATIENCE_MS);
      },
    );

    it('leaves nothing that contradicts anything', async () => {
      expect(new Set(Object.values(await rig.down()))).toEqual(new Set([0]));
      expect(violations(rig.places)).toEqual([]);
    });
  },
);
