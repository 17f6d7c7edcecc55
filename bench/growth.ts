import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRolePlant } from './growth/role-plant.ts';
import { historyMaxima, pendingChildren } from './pipeline/history-maxima.ts';
import { usageOf } from './process-usage.ts';
import { temporalFolder } from '../line/state-folder.ts';
import type { BatchProgress } from '../provisioning/batch.ts';
import { MESSAGES } from '../provisioning/messages.ts';
import { SEARCH_ATTRIBUTES } from '../provisioning/search-attributes.ts';
import { batchWorkflowId } from '../provisioning/workflow-ids.ts';
import { openTemporalServer } from '../temporal/server/open-temporal-server.ts';
import { readServerRecord } from '../temporal/server/server-record.ts';

/*
 * Whether a unit of a large lot costs more than one of a small lot, and whether memory grows, on zero-latency boards, with each role
 * in a process of its own. Run with
 * `npm run bench:growth [units of the large lot] [of the small one] [minutes]`: when that time has expired, the large lot
 * is closed short, and what has passed until then counts.
 */
const LARGE = Number(process.argv[2] ?? 20_000);
const SMALL = Number(process.argv[3] ?? 1_000);
const MINUTES = Number(process.argv[4] ?? 12);
const WARM_UP = 200;
const LOOK_MS = 5_000;
const MIB = 2 ** 20;

/** Memory is seen in stretches of at most so many units. */
const STRETCH_MAX = 200;

const endsAt = performance.now() + MINUTES * 60_000;
const folder = mkdtempSync(join(tmpdir(), 'certline-growth-'));
const server = await openTemporalServer({
  directory: temporalFolder(folder),
  searchAttributes: SEARCH_ATTRIBUTES,
  report: (line) => console.error(line),
});
const plant = await startRolePlant(folder, server, { stations: 4, sockets: 8 });
const { client, registry } = plant;
const PROCESSES: Readonly<Record<string, number>> = {
  server: readServerRecord(temporalFolder(folder))!.process.pid,
  ...plant.pids,
};

/** A stretch of a lot: from so many passed units to so many, and what they took. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly seconds: number;
  readonly cpuMs: readonly number[];
  readonly rssMiB: readonly number[];
  /** What is alive in the JavaScript heap of each role, by role. */
  readonly heapMiB: Readonly<Record<string, number>>;
}

const most = new Map<string, number>();

const usage = () => Object.values(PROCESSES).map(usageOf);

/** Takes a lot through and measures it in stretches of about `step` units. */
async function measure(
  name: string,
  units: number,
  step: number,
): Promise<{ batchId: string; all: Stretch[] }> {
  const { batchId } = await plant.drop(name, units);
  const batch = client.workflow.getHandle(batchWorkflowId(batchId));
  const all: Stretch[] = [];
  let [from, begun, before] = [0, performance.now(), usage()];
  for (let isClosing = false; ; await sleep(LOOK_MS)) {
    const { passed, batch: record } = await registry.batchSummary(batchId);
    const isOver = record.closedAt !== undefined;
    for (const [type, count] of await pendingChildren(client, batchId))
      most.set(type, Math.max(most.get(type) ?? 0, count));
    if (passed >= from + step || (isOver && passed > from)) {
      const now = usage();
      all.push({
        from,
        to: passed,
        seconds: (performance.now() - begun) / 1_000,
        cpuMs: now.map(({ cpuMs }, at) => cpuMs - before[at]!.cpuMs),
        rssMiB: now.map(({ rssMiB }) => rssMiB),
        heapMiB: await liveHeaps(),
      });
      show(name, all.at(-1)!);
      [from, begun, before] = [passed, performance.now(), usage()];
    }
    if (isOver) return { batchId, all };
    if (isClosing || name !== 'large' || performance.now() < endsAt) continue;
    isClosing = true;
    const { passed: so } = await batch.query<BatchProgress>(MESSAGES.progress);
    console.log(`${MINUTES} minutes have expired: ${name} is closed short with ${so} of ${units} units`);
    await batch.executeUpdate(MESSAGES.close, { args: [{ as: 'short', reason: 'the time has expired' }] });
  }
}

async function liveHeaps(): Promise<Record<string, number>> {
  const heaps = Object.entries(await plant.heaps());
  return Object.fromEntries(heaps.map(([role, { heapUsed }]) => [role, heapUsed / MIB]));
}

function show(name: string, { from, to, seconds, cpuMs, rssMiB, heapMiB }: Stretch): void {
  const units = to - from;
  const costs = Object.keys(PROCESSES).map((process, at) => {
    const heap = heapMiB[process] === undefined ? '' : ` (heap ${heapMiB[process].toFixed(1)})`;
    return `${process} ${(cpuMs[at]! / units).toFixed(1)} ms, ${rssMiB[at]!.toFixed(0)} MiB${heap}`;
  });
  const cpu = cpuMs.reduce((sum, each) => sum + each, 0) / units;
  console.log(
    `${name} ${from} to ${to}: ${(units / seconds).toFixed(1)} units/s, ${cpu.toFixed(1)} ms CPU a unit (${costs.join('; ')}), load ${loadavg()[0]!.toFixed(1)}`,
  );
}

/** CPU milliseconds a unit, of all processes together. */
function costOf(all: readonly Stretch[]): number {
  const cpu = all.reduce((sum, { cpuMs }) => sum + cpuMs.reduce((total, each) => total + each, 0), 0);
  return cpu / (all.at(-1)!.to - all[0]!.from);
}

/** By how much a figure of a stretch rises over a thousand units more, by least squares. */
function slopeOf(all: readonly Stretch[], figure: (stretch: Stretch) => number): number {
  const points = all.map((each) => [(each.from + each.to) / 2_000, figure(each)] as const);
  const mean = (at: 0 | 1): number => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / spread;
}

/** The memory of each process over the second half of a lot: caches are full then, and what still grows is a leak. */
function showMemory(all: readonly Stretch[]): void {
  const half = all.slice(Math.floor(all.length / 2));
  for (const [at, process] of Object.keys(PROCESSES).entries()) {
    const sizes = half.map(({ rssMiB }) => rssMiB[at]!);
    const slope = slopeOf(half, ({ rssMiB }) => rssMiB[at]!).toFixed(1);
    const range = `${Math.min(...sizes).toFixed(0)} to ${Math.max(...sizes).toFixed(0)} MiB`;
    const heap = half[0]!.heapMiB[process];
    const heapSlope = slopeOf(half, ({ heapMiB }) => heapMiB[process] ?? 0).toFixed(2);
    const live = heap === undefined ? '' : `; live heap ${heap.toFixed(1)} MiB, slope ${heapSlope}`;
    console.log(`memory of ${process}: ${range}, slope ${slope} MiB for each 1,000 units more${live}`);
  }
}

try {
  console.log(`${cpus().length} cores, node ${process.version}, load ${loadavg()[0]!.toFixed(1)}`);
  await measure('warm-up', WARM_UP, WARM_UP);
  const small = await measure('small', SMALL, SMALL);
  const large = await measure('large', LARGE, Math.min(SMALL, STRETCH_MAX));
  if (large.all.length === 0) throw new Error('No unit of the large lot passed: give it more minutes.');
  const [one, other] = [costOf(small.all), costOf(large.all)];
  const passed = large.all.at(-1)!.to;
  console.log(`a unit of ${SMALL}: ${one.toFixed(1)} ms CPU; of ${passed}: ${other.toFixed(1)} ms`);
  console.log(
    `ratio: ${(other / one).toFixed(2)}; slope: ${slopeOf(large.all, (each) => costOf([each])).toFixed(2)} ms for each 1,000 units more`,
  );
  showMemory(large.all);
  const { events, largestPayload } = await historyMaxima(client, large.batchId);
  console.log(`most history events: ${inWords(events)}`);
  console.log(`largest payload, bytes: ${inWords(largestPayload)}`);
  console.log(`most pending children: ${inWords(Object.fromEntries(most))}`);
} finally {
  await plant.stop();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

function inWords(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(([name, figure]) => `${name} ${figure}`)
    .join(', ');
}
