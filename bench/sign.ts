// npm run bench:sign — complete issuances per second, beside step-ca and the bare cryptography in the same run.
// Figures are medians over rounds that take turns; on a shared machine only the ratios mean something.
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { usageOf } from './process-usage.ts';
import { CertlineSigner } from './sign/certline-signer.ts';
import { medians, quantile } from './sign/figures.ts';
import { measureFloors } from './sign/floors.ts';
import { perSecond } from './sign/per-second.ts';
import { installStepCa, StepCa } from './sign/step-ca.ts';
import type { StepCaDatabase } from './sign/step-ca.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const AT_ONCE = [1, 4, 16, 64];
/** About a second each. */
const CERTLINE_JOBS = 1_500;
const STEP_CA_JOBS = 500;
/** V8 is done compiling after these. */
const WARM_UP_JOBS = 1_000;
const IDLE_JOBS = 400;
/** Between requests to an idle signer, so that none meets what the one before left behind. */
const IDLE_GAP_MS = 4;
/** statfs(2): a memory file system syncs nothing. */
const TMPFS_MAGIC = 0x01021994;

const STEP_CA_DATABASES: Readonly<Record<StepCaDatabase, string>> = {
  badgerv2: 'step-ca, badger (default, not synced)',
  bbolt: 'step-ca, bbolt (durable)',
};

interface Contender {
  readonly name: string;
  readonly pid: number;
  readonly jobs: () => Promise<(() => Promise<unknown>)[]>;
  readonly close: () => Promise<void>;
}

const folder = makeFolder();
const certline = await CertlineSigner.open(join(folder, 'whole'), 'whole');
const bare = await CertlineSigner.open(join(folder, 'bare'), 'bare');
const contenders: Contender[] = [
  {
    name: 'certline',
    pid: process.pid,
    jobs: () => certline.jobs(CERTLINE_JOBS),
    close: () => certline.close(),
  },
  {
    name: 'certline without permits and witness',
    pid: process.pid,
    jobs: () => bare.jobs(CERTLINE_JOBS),
    close: () => bare.close(),
  },
];
try {
  console.log(
    `node ${process.version}, ${availableParallelism()} cores, ${ROUNDS} rounds, ledger in ${folder}`,
  );
  contenders.push(...(await startStepCas()));
  await perSecond(await certline.jobs(WARM_UP_JOBS), 1);
  for (const { jobs } of contenders) await perSecond(await jobs(), 16);
  const rounds: Record<string, number>[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measureRound(round));
  const figures = medians(rounds);
  showRates(figures);
  showFloors(figures, medians([measureFloors(folder), measureFloors(folder)]));
  await showStages();
} finally {
  for (const { close } of contenders) await close();
  rmSync(folder, { recursive: true, force: true });
}

/** On the disk that holds the home folder: the temporary one may be memory, where nothing is durable. */
function makeFolder(): string {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'certline');
  mkdirSync(cache, { recursive: true });
  const made = mkdtempSync(join(cache, 'bench-sign-'));
  if (statfsSync(made).type === TMPFS_MAGIC) throw new Error(`${made} is in memory: set XDG_CACHE_HOME`);
  return made;
}

async function startStepCas(): Promise<Contender[]> {
  const started: Contender[] = [];
  try {
    const program = installStepCa();
    for (const [database, name] of Object.entries(STEP_CA_DATABASES)) {
      const ca = await StepCa.start(program, join(folder, database), database as StepCaDatabase);
      started.push({ name, pid: ca.pid, jobs: async () => ca.jobs(STEP_CA_JOBS), close: () => ca.stop() });
    }
  } catch (error) {
    console.log(`skipped: step-ca (${String(error)})`);
  }
  return started;
}

/** Everyone in turn, in the other direction every second time: nobody always follows the same neighbour. */
async function measureRound(round: number): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const atOnce of AT_ONCE) {
    const order = round % 2 === 0 ? contenders : contenders.toReversed();
    for (const { name, pid, jobs } of order) {
      const ready = await jobs();
      const { cpuMs } = usageOf(pid);
      figures[`${name} ${atOnce}`] = await perSecond(ready, atOnce);
      figures[`${name} ${atOnce} CPU`] = (usageOf(pid).cpuMs - cpuMs) / ready.length;
    }
  }
  return figures;
}

function showRates(figures: Readonly<Record<string, number>>): void {
  const row = (what: string, figure: (atOnce: number) => number, digits = 0): void =>
    console.log(what.padEnd(42) + AT_ONCE.map((atOnce) => pad(figure(atOnce), digits)).join(''));
  const of = (name: string, atOnce: number): number => figures[`${name} ${atOnce}`] ?? NaN;
  console.log('');
  row('per second, at once:', (atOnce) => atOnce);
  for (const { name } of contenders) {
    row(name, (atOnce) => of(name, atOnce));
    row('  ms of CPU each', (atOnce) => figures[`${name} ${atOnce} CPU`] ?? NaN, 2);
    if (name !== 'certline')
      row('  certline to it, per second', (atOnce) => of('certline', atOnce) / of(name, atOnce), 2);
  }
}

function showFloors(
  figures: Readonly<Record<string, number>>,
  floors: Readonly<Record<string, number>>,
): void {
  const own = figures['certline 16'] ?? NaN;
  console.log('\nparts alone, one thread, per second                 certline at 16 to it');
  for (const [name, rate] of Object.entries(floors))
    console.log(name.padEnd(42) + pad(rate) + pad(own / rate, 3));
}

async function showStages(): Promise<void> {
  const measured: Record<string, number>[] = [];
  for (const job of await certline.jobs(IDLE_JOBS)) {
    await sleep(IDLE_GAP_MS);
    measured.push(await certline.stagesOf(job));
  }
  console.log(`\none request to an idle signer, ms, of ${IDLE_JOBS}     median      p99`);
  for (const stage of Object.keys(measured[0] ?? {})) {
    const values = measured.map((stages) => stages[stage] ?? NaN);
    console.log(stage.padEnd(42) + pad(quantile(values, 0.5), 3) + pad(quantile(values, 0.99), 3));
  }
}

function pad(value: number, digits = 0): string {
  return value.toFixed(digits).padStart(9);
}
