import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { violations } from '../end-to-end/invariants.ts';
import { placesOf, readEvidence } from '../end-to-end/line-evidence.ts';
import { childrenOf, isAlive, killAll, LineProcess } from '../end-to-end/line-process.ts';
import { progressOf } from '../end-to-end/line-progress.ts';
import { RandomSeries, seedOfRun } from '../signer-load/random-series.ts';
import { until } from '../support/until.ts';

const UNITS = 200;
const KILLS = 15;
/** A run that is killed later has done a good deal. */
const LONGEST_RUN_MS = 8_000;
const seed = seedOfRun();

const folder = mkdtempSync(join(tmpdir(), 'certline-kills-'));
const state = join(folder, 'state');
const inbox = join(folder, 'inbox');
const seen = new Set<number>();
let line: LineProcess | undefined;

afterAll(async () => {
  await line?.kill();
  killAll([...seen]);
  if (process.env['CERTLINE_KEEP'] === undefined) rmSync(folder, { recursive: true, force: true });
});

function start(): LineProcess {
  line = new LineProcess(['demo', '--units', String(UNITS), '--speed', 'instant'], {
    CERTLINE_STATE: state,
    CERTLINE_INBOX: inbox,
  });
  return line;
}

it(`survives ${KILLS} kills at random moments, seed ${seed}`, async () => {
  const random = new RandomSeries(seed);
  for (let kill = 1; kill <= KILLS; kill++) {
    const running = start();
    const ends = running.ended();
    const afterMs = Math.round(random.next() * LONGEST_RUN_MS);
    const everything = random.chance(0.5);
    // One in four dies while it is still starting.
    if (random.chance(0.75))
      await until('it is up', () => running.output.includes(' batch ') || !running.isRunning);
    await Promise.race([sleep(afterMs), ends]);
    for (const pid of childrenOf(running.pid)) seen.add(pid);
    if (!running.isRunning) break;
    if (everything) killAll([...seen]);
    await running.kill();
    const { passed, signed, keyed } = progressOf(state);
    process.stdout.write(
      `seed ${seed}, kill ${kill} after ${afterMs} ms (${everything ? 'all' : 'line'}): ${passed} passed, ${signed} signed, ${keyed} keyed\n`,
    );
  }
  const last = start();
  const status = await last.ended();
  process.stdout.write(last.output.slice(-3_000));
  expect(status).toBe(0);
  const places = placesOf(state, inbox);
  expect(violations(places)).toEqual([]);
  // A run that was killed with its lot done is followed by the next lot.
  const { batches, units } = readEvidence(places);
  expect(units.filter(({ outcome }) => outcome === 'PASS')).toHaveLength(UNITS * batches.length);
  expect([...seen].filter(isAlive)).toEqual([]);
});
