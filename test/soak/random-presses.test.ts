import { Client, Connection } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { violations } from '../end-to-end/invariants.ts';
import { rowsOf } from '../end-to-end/line-evidence.ts';
import { dropInto, manifest } from '../end-to-end/line-rig.ts';
import { RolesRig, ROLES } from '../end-to-end/roles-rig.ts';
import { RandomSeries, seedOfRun } from '../signer-load/random-series.ts';
import { until } from '../support/until.ts';
import { press } from './buttons.ts';
import { lotIsQuiet, settle } from './settle-lot.ts';
import { temporalViolations, tileViolations } from './temporal-agreement.ts';

/*
 * Buttons at random moments, on lots of a line whose roles are processes: cancel, terminate, reset, delete, retry, skip, scrap
 * on units, chunks and batches, and kill -9 of roles. Each lot must then end, and whatever was pressed, registry, ledger,
 * audit log, result file, tiles, Temporal and boards must agree. `CERTLINE_LOTS` lots (default 12), of 6 to 12 units, each
 * tenth of 60; `CERTLINE_SEED` repeats a run as far as chance allows.
 */
const LOTS = Number(process.env['CERTLINE_LOTS'] ?? 12);
const LARGE_EVERY = 10;
const LARGE = 60;
const PATIENCE_MS = 300_000;
const seed = seedOfRun();
const random = new RandomSeries(seed);

let rig: RolesRig;
let connection: Connection;
let client: Client;
beforeAll(async () => {
  rig = await RolesRig.start({ faults: faultyBoards() });
  connection = await Connection.connect({ address: rig.environmentOf('orchestrator')['TEMPORAL_ADDRESS']! });
  client = new Client({ connection });
}, 240_000);
afterAll(async () => {
  await connection?.close();
  await rig?.end();
});

/** About one board in five forgets its certificate. */
function faultyBoards() {
  const faults = [];
  for (let nth = 1 + random.below(8); nth < 30 * LOTS; nth += 1 + random.below(9))
    faults.push({ nth, fault: { kind: 'forget-writes' as const, path: '/lfs1/credentials/crt.der' } });
  return faults;
}

/** Kills a role as a power cut would, and starts it again. */
async function killRole(): Promise<string> {
  const role = random.pick(ROLES);
  await rig.kill(role);
  await sleep(random.below(2_000));
  rig.startRole(role);
  await rig.isUp(role);
  return `kill ${role}`;
}

/** Runs a lot; returns what was pressed, and what disagrees afterwards. */
async function runLot(lot: number): Promise<{ units: number; pressed: string[]; found: string[] }> {
  const units = lot % LARGE_EVERY === 0 ? LARGE : 6 + random.below(7);
  const name = `lot-${lot}.csv`;
  const prefix = `L${lot}`;
  dropInto(rig.inbox, name, manifest(units, 'PO-1', prefix));
  const batchId = await until(
    'its batch is there',
    () =>
      rowsOf<{ batchId: string }>(
        rig.places.registry,
        `SELECT batch_id AS batchId FROM batches WHERE manifest = '${name}' AND started_at IS NOT NULL`,
      )[0]?.batchId,
    60_000,
  );
  const serials = Array.from({ length: units }, (_, at) => `${prefix}-${String(at + 1).padStart(6, '0')}`);
  const place = { client, rig, random, batchId, serials };
  const pressed: string[] = [];
  const presses = 2 + random.below(units === LARGE ? 20 : 6);
  for (let count = 0; count < presses; count++) {
    await sleep(random.below(800));
    pressed.push(random.chance(0.06) ? await killRole() : await press(place));
  }
  const found = await settle(place, PATIENCE_MS);
  if (random.chance(0.3)) {
    pressed.push(`afterwards: ${await press(place)}`);
    found.push(...(await settle(place, PATIENCE_MS)));
  }
  await until('it is quiet', () => lotIsQuiet(place), 90_000).catch((error: Error) =>
    found.push(error.message),
  );
  found.push(...violations(rig.places), ...(await temporalViolations(place)), ...tileViolations(rig));
  return { units, pressed, found };
}

it(`${LOTS} lots end in agreement whatever is pressed, seed ${seed}`, { timeout: 7_200_000 }, async () => {
  const disagreements: string[] = [];
  const total = { units: 0, presses: 0 };
  for (let lot = 1; lot <= LOTS; lot++) {
    const { units, pressed, found } = await runLot(lot);
    total.units += units;
    total.presses += pressed.length;
    process.stdout.write(
      `seed ${seed}, lot ${lot}: ${found.length} disagreements; ${pressed.join('; ')}${found.map((what) => `\n  ${what}`).join('')}\n`,
    );
    // What an earlier lot left is counted once.
    disagreements.push(...found.filter((what) => !disagreements.includes(what)));
  }
  process.stdout.write(
    `${LOTS} lots, ${total.units} units, ${total.presses} presses, ${disagreements.length} disagreements\n`,
  );
  expect(disagreements).toEqual([]);
});
