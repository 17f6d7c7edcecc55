import type { Step } from '../../provisioning/step.ts';
import { STEPS } from '../../provisioning/step.ts';
import type { AttemptRecord, Registry, UnitRecord } from '../../registry/registry.ts';

/** How often something failed, and how often it was tried. */
export interface Tried {
  readonly name: string;
  readonly failed: number;
  readonly tried: number;
}

/** A socket, and whether it fails more often than the others do. */
export interface SocketFacts extends Tried {
  readonly isWorn: boolean;
}

/** Seconds that a step took: the middle of all, and what 95 of 100 stay below. */
export interface StepTimes {
  readonly step: Step;
  readonly units: number;
  readonly median: number;
  readonly p95: number;
}

/** What a lot was, in figures. `passed` to `open` add up to `ordered`; `scrapped` is a part of `failed`. */
export interface LotFacts {
  readonly ordered: number;
  readonly passed: number;
  readonly failed: number;
  readonly scrapped: number;
  readonly errors: number;
  readonly held: number;
  readonly open: number;
  /** Units that passed with their first attempt. */
  readonly firstPass: number;
  readonly attempts: number;
  /** The most frequent first. */
  readonly codes: readonly Tried[];
  readonly steps: readonly Tried[];
  readonly stations: readonly Tried[];
  readonly sockets: readonly SocketFacts[];
  readonly times: readonly StepTimes[];
}

/** Reads every unit of a batch once. Memory grows with the number of units by five figures each. Throws RegistryError. */
export async function lotFacts(registry: Registry, batchId: string): Promise<LotFacts> {
  const ends = { PASS: 0, FAIL: 0, ERROR: 0, HOLD: 0, open: 0 };
  const [codes, steps, stations, sockets] = [new Tally(), new Tally(), new Tally(), new Tally()];
  const seconds = new Map<Step, number[]>(STEPS.map((step) => [step, []]));
  let [ordered, scrapped, firstPass, attempts] = [0, 0, 0, 0];
  for await (const unit of registry.unitRecords(batchId)) {
    ordered += 1;
    ends[unit.outcome ?? 'open'] += 1;
    if (unit.outcome === 'FAIL' && unit.decisions.at(-1)?.verdict === 'scrap') scrapped += 1;
    if (unit.certificates.some(({ attempt }) => attempt === 1)) firstPass += 1;
    for (const attempt of unit.attempts) {
      attempts += 1;
      const hasFailed = attempt.code !== undefined;
      if (hasFailed) codes.add(attempt.code, true);
      for (const step of stepsOf(attempt)) steps.add(step, hasFailed && step === attempt.step);
      if (attempt.stationId === undefined) continue;
      stations.add(attempt.stationId, hasFailed);
      sockets.add(`${attempt.stationId}/${attempt.socket ?? '?'}`, hasFailed);
    }
    for (const [step, took] of stepSeconds(unit)) seconds.get(step)!.push(took);
  }
  return {
    ordered,
    passed: ends.PASS,
    failed: ends.FAIL,
    scrapped,
    errors: ends.ERROR,
    held: ends.HOLD,
    open: ends.open,
    firstPass,
    attempts,
    codes: codes.list(),
    steps: steps.list(),
    stations: stations.list(),
    sockets: worn(sockets.list()),
    times: [...seconds].flatMap(([step, all]) => timesOf(step, all)),
  };
}

class Tally {
  readonly #counts = new Map<string, { failed: number; tried: number }>();

  add(name: string, hasFailed: boolean): void {
    const count = this.#counts.get(name) ?? { failed: 0, tried: 0 };
    this.#counts.set(name, count);
    count.tried += 1;
    if (hasFailed) count.failed += 1;
  }

  list(): Tried[] {
    return [...this.#counts]
      .map(([name, count]) => ({ name, ...count }))
      .toSorted((a, b) => b.failed - a.failed || a.name.localeCompare(b.name, 'en', { numeric: true }));
  }
}

/** An attempt that came as far as a step has done those before it too. */
function stepsOf({ step }: AttemptRecord): readonly Step[] {
  return STEPS.slice(0, STEPS.indexOf(step) + 1);
}

/** Of the attempt that passed: from the beginning of each step to that of the next one. The clock is the workflow's. */
function* stepSeconds({ evidence, attempts, certificates }: UnitRecord): Generator<[Step, number]> {
  const found = evidence.findLast(({ kind }) => kind === 'steps');
  if (found === undefined) return;
  const began = found.body as Partial<Record<Step, string>>;
  const attempt = attempts.find((each) => each.attempt === found.attempt);
  const registered = certificates.find((each) => each.attempt === found.attempt)?.registeredAt;
  for (const [at, step] of STEPS.entries()) {
    // Before a unit has a board, it waits: that is no work.
    const start = step === 'generateKeypair' ? attempt?.startedAt : began[step];
    const next = STEPS[at + 1];
    const end = next === undefined ? registered : began[next];
    if (start !== undefined && end !== undefined)
      yield [step, Math.max(0, Date.parse(end) - Date.parse(start)) / 1_000];
  }
}

function timesOf(step: Step, seconds: readonly number[]): StepTimes[] {
  if (seconds.length === 0) return [];
  const sorted = seconds.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return [{ step, units: sorted.length, median: at(0.5), p95: at(0.95) }];
}

/** So many tries say something about a socket. */
const TRIES_MIN = 10;

/** One in a thousand sockets that are as good as the others is called worn. */
const Z_MIN = 3.09;

/** A socket is worn if it fails more often than the others together, by more than chance explains (two-proportion z-test). */
function worn(sockets: readonly Tried[]): SocketFacts[] {
  const sum = (pick: (each: Tried) => number): number =>
    sockets.reduce((total, each) => total + pick(each), 0);
  const [allFailed, allTried] = [sum(({ failed }) => failed), sum(({ tried }) => tried)];
  return sockets.map((socket) => {
    const { failed, tried } = socket;
    const others = { failed: allFailed - failed, tried: allTried - tried };
    if (tried < TRIES_MIN || others.tried === 0) return { ...socket, isWorn: false };
    const mean = allFailed / allTried;
    const spread = Math.sqrt(mean * (1 - mean) * (1 / tried + 1 / others.tried));
    const z = (failed / tried - others.failed / others.tried) / spread;
    return { ...socket, isWorn: z > Z_MIN };
  });
}
