import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRolePlant } from './growth/role-plant.ts';
import { temporalFolder } from '../line/state-folder.ts';
import { SEARCH_ATTRIBUTES } from '../provisioning/search-attributes.ts';
import { openTemporalServer } from '../temporal/server/open-temporal-server.ts';

/*
 * A line at work while a manifest of 1,000,000 units arrives: its rate and its longest pause, before and meanwhile, and how long a
 * lot of one unit waits that is dropped a second later. `BENCH_ROWS` sets the number of units, `BENCH_SECONDS` (30) how long the
 * line is watched before. Two sockets without latency: the line is not what keeps the processors busy.
 */
const ROWS = Number(process.env['BENCH_ROWS'] ?? 1_000_000);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 30);
const WARM_UP = 100;
/** More than pass while it is watched. */
const LOT = 10_000;
const LOOK_MS = 50;

const folder = mkdtempSync(join(tmpdir(), 'certline-beside-'));
const server = await openTemporalServer({
  directory: temporalFolder(folder),
  searchAttributes: SEARCH_ATTRIBUTES,
  report: (line) => console.error(line),
});
const plant = await startRolePlant(folder, server, { stations: 1, sockets: 2 });
const { registry } = plant;

interface Watched {
  readonly unitsPerSecond: number;
  readonly longestPauseMs: number;
}

/** Watches a lot until `end` resolves. */
async function watch(batchId: string, end: Promise<unknown>): Promise<Watched> {
  const over = new AbortController();
  void end.finally(() => over.abort());
  const passed = async (): Promise<number> => (await registry.batchSummary(batchId)).passed;
  const from = await passed();
  const begun = performance.now();
  let [last, lastAt, longestPauseMs] = [from, begun, 0];
  while (!over.signal.aborted) {
    await sleep(LOOK_MS);
    const now = await passed();
    longestPauseMs = Math.max(longestPauseMs, performance.now() - lastAt);
    if (now > last) [last, lastAt] = [now, performance.now()];
  }
  return { unitsPerSecond: (last - from) / ((performance.now() - begun) / 1_000), longestPauseMs };
}

function show(what: string, { unitsPerSecond, longestPauseMs }: Watched): void {
  console.log(`${what}: ${unitsPerSecond.toFixed(1)} units/s, longest pause ${longestPauseMs.toFixed(0)} ms`);
}

async function seconds(of: Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await of;
  return (performance.now() - begun) / 1_000;
}

try {
  console.log(
    `${cpus().length} cores, node ${process.version}, load ${loadavg()[0]!.toFixed(1)}, ${ROWS} rows`,
  );
  const warmUp = await plant.drop('warm-up', WARM_UP);
  while ((await registry.batchSummary(warmUp.batchId)).passed < WARM_UP) await sleep(LOOK_MS);
  const { batchId } = await plant.drop('work', LOT);
  const before = await watch(batchId, sleep(SECONDS * 1_000));
  show('alone', before);
  const million = seconds(plant.drop('million', ROWS));
  const single = sleep(1_000).then(() => seconds(plant.drop('single', 1)));
  const meanwhile = await watch(batchId, million);
  show(`beside the intake, which took ${(await million).toFixed(1)} s`, meanwhile);
  console.log(`a lot of one unit was accepted and started after ${(await single).toFixed(1)} s`);
  console.log(
    `ratio of the rates: ${(meanwhile.unitsPerSecond / before.unitsPerSecond).toFixed(2)} (aim: 0.9)`,
  );
} finally {
  await plant.stop();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
