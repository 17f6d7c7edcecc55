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
import type { Lot } from './lot.ts';
import { lotIsQuiet, settle } from './settle-lot.ts';
import { temporalViolations, tileViolations } from './temporal-agreement.ts';

/*
 * Buttons at random moments, on lots of a line whose roles are processes: what Temporal's UI has (cancel, terminate, reset, delete,
 * pause an activity), what certline has (retry, skip, scrap, rerun, pause, close, withdraw, recover, rework), and kill -9 of roles.
 * Each lot must then end, and whatever was pressed, registry, ledger, audit log, result file, tiles, Temporal and boards must agree.
 * `CERTLINE_LOTS` lots (default 12), of 6 to 12 units, each tenth of 60, five at once. Each lot has a seed: the first one's is
 * `CERTLINE_SEED`, and the others follow. The test stops at the first disagreement, and leaves the files of the line.
 */
const LOTS = Number(process.env['CERTLINE_LOTS'] ?? 12);
const LARGE_EVERY = 10;
const LARGE = 60;
const AT_ONCE = 5;
const PATIENCE_MS = 300_000;
const firstSeed = seedOfRun();

let rig: RolesRig;
let connection: Connection;
let client: Client;
const disagreements: string[] = [];
beforeAll(async () => {
  rig = await RolesRig.start({ faults: faultyBoards(), hasOwnBoards: true });
  connection = await Connection.connect({ address: rig.environmentOf('orchestrator')['TEMPORAL_ADDRESS']! });
  client = new Client({ connection });
}, 240_000);
afterAll(async () => {
  await connection?.close();
  await rig?.end({ keeps: disagreements.length > 0 });
});

/** About one board in five forgets its certificate. */
function faultyBoards() {
  const random = new RandomSeries(firstSeed);
  const faults = [];
  for (let nth = 1 + random.below(8); nth < 40 * LOTS; nth += 1 + random.below(9))
    faults.push({ nth, fault: { kind: 'forget-writes' as const, path: '/lfs1/credentials/crt.der' } });
  return faults;
}

/** Kills are one after the other: this is the last one. */
let lastKill = Promise.resolve();

/** Kills a role as a power cut would, and starts it again. */
async function killRole(random: RandomSeries): Promise<string> {
  const role = random.pick(ROLES);
  const pauseMs = random.below(2_000);
  const before = lastKill;
  lastKill = (async () => {
    await before;
    await rig.kill(role);
    await sleep(pauseMs);
    rig.startRole(role);
    await rig.isUp(role);
  })();
  await lastKill;
  return `kill ${role}`;
}

interface Pressed {
  readonly lot: Lot;
  readonly seed: number;
  readonly seconds: number;
  readonly pressed: readonly string[];
  readonly found: string[];
}

/** Runs a lot until it is quiet; `found` has what kept it from that. */
async function runLot(seed: number): Promise<Pressed> {
  const begun = Date.now();
  const random = new RandomSeries(seed);
  const units = seed % LARGE_EVERY === 0 ? LARGE : 6 + random.below(7);
  const name = `lot-${seed}.csv`;
  const prefix = `L${seed}`;
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
  const lot: Lot = { client, rig, random, batchId, serials };
  const pressed: string[] = [];
  const pressSome = async (count: number, hasEnded: boolean): Promise<void> => {
    for (let done = 0; done < count; done++) {
      await sleep(random.below(800));
      pressed.push(random.chance(0.06) ? await killRole(random) : await press(lot, { hasEnded }));
    }
  };
  const often = units === LARGE ? 3 : 1;
  await pressSome(often * (2 + random.below(6)), false);
  const found = await settle(lot, PATIENCE_MS);
  if (found.length === 0 && random.chance(0.7)) {
    pressed.push('all has ended');
    await pressSome(often * (1 + random.below(5)), true);
    found.push(...(await settle(lot, PATIENCE_MS)));
  }
  await until('it is quiet', () => lotIsQuiet(lot), 90_000).catch((error: Error) =>
    found.push(error.message),
  );
  return { lot, seed, seconds: Math.round((Date.now() - begun) / 1000), pressed, found };
}

/** Lots at once, and then what disagrees of them and of the whole line. */
async function runLots(seeds: readonly number[]): Promise<Pressed[]> {
  const lots = await Promise.all(seeds.map(runLot));
  // What disagrees while a lot is not quiet says nothing.
  if (lots.some(({ found }) => found.length > 0)) return lots;
  for (const { lot, found } of lots) found.push(...(await temporalViolations(lot)));
  lots[0]!.found.push(...violations(rig.places), ...tileViolations(rig));
  return lots;
}

it(
  `${LOTS} lots end in agreement whatever is pressed, from seed ${firstSeed}`,
  { timeout: 14_400_000 },
  async () => {
    const total = { lots: 0, units: 0 };
    const tookEffect = new Map<string, number>();
    const refused = new Map<string, number>();
    while (total.lots < LOTS && disagreements.length === 0) {
      const seeds = Array.from(
        { length: Math.min(AT_ONCE, LOTS - total.lots) },
        (_, at) => firstSeed + total.lots + at,
      );
      for (const { lot, seed, seconds, pressed, found } of await runLots(seeds)) {
        const units = lot.serials.length;
        total.lots += 1;
        total.units += units;
        for (const what of pressed.filter((each) => each !== 'all has ended')) {
          const counts = what.startsWith('(') ? refused : tookEffect;
          const kind = what.replace(/^\(/, '').replace(/ [^ ]*$/, '');
          counts.set(kind, (counts.get(kind) ?? 0) + 1);
        }
        process.stdout.write(
          `seed ${seed}: ${units} units, ${seconds} s, ${found.length} disagreements; ${pressed.join('; ')}${found.map((what) => `\n  ${what}`).join('')}\n`,
        );
        disagreements.push(...found);
      }
    }
    const kinds = (presses: Map<string, number>): string =>
      JSON.stringify(Object.fromEntries([...presses].toSorted(([a], [b]) => a.localeCompare(b))));
    process.stdout.write(`${total.lots} lots, ${total.units} units, ${disagreements.length} disagreements\n`);
    process.stdout.write(`took effect: ${kinds(tookEffect)}\nrefused: ${kinds(refused)}\n`);
    if (disagreements.length > 0) process.stdout.write(`what they wrote is in ${rig.folder}\n`);
    expect(disagreements).toEqual([]);
  },
);
