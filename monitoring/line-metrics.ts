import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { FAILURES, isFailureCode } from '../provisioning/failure-table.ts';
import type { FailureCode } from '../provisioning/failure-table.ts';
import type { Outcome } from '../provisioning/outcome.ts';
import type { Patience } from './patience.ts';

/** Seconds. A step takes from some milliseconds at a signer to two minutes at a board that must connect to its cloud. */
const STEP_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160];

/** A unit that lost its workflow must not ship: its alert needs the counter to be there before the first one. */
const TERMINATED: readonly FailureCode[] = ['CHUNK_LOST', 'UNIT_TERMINATED'];

/** Gauges of prom-client with the name of a counter; `nodejs_active_resources` has the same by type. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** One value of a metric. Labels have few values: no serial, board id, key, path or sentence. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric that is read when somebody asks. Its name begins with `certline_`; no samples mean that it is absent. */
export interface SampledMetric {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly read: () => readonly Sample[] | Promise<readonly Sample[]>;
}

/** How a unit ended. `count`: several units at once. */
export interface UnitEnd {
  readonly outcome: Outcome;
  readonly code?: string | undefined;
  readonly count?: number;
}

/** How one try of a step ended. */
export interface StepTry {
  /** The name of an activity. */
  readonly step: string;
  readonly seconds: number;
  /** Absent where it succeeded. */
  readonly failure?: { readonly code: string; readonly isRetried: boolean };
}

/** What a process counts, and reads when it is asked, in the text format 0.0.4 of Prometheus. */
export class LineMetrics {
  readonly #registry = new Registry();
  readonly #patience: Patience;
  readonly #units: Counter;
  readonly #seconds: Histogram;
  readonly #failures: Counter;
  readonly #unread: Counter;

  constructor(patience: Patience) {
    this.#patience = patience;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 100 });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
    this.#units = new Counter({
      name: 'certline_units_ended_total',
      help: 'Units that ended, as this process recorded them, by outcome; code: why, empty for a PASS.',
      labelNames: ['outcome', 'code'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'certline_step_seconds',
      help: 'How long a try of a step took that succeeded.',
      labelNames: ['step'],
      buckets: STEP_BUCKETS,
      registers,
    });
    this.#failures = new Counter({
      name: 'certline_step_failures_total',
      help: 'Tries of a step that failed, by code of the failure table; retried: yes where the step is tried again.',
      labelNames: ['step', 'code', 'retried'],
      registers,
    });
    this.#unread = new Counter({
      name: 'certline_metric_failures_total',
      help: 'How often a metric could not be read, and is absent from a scrape.',
      labelNames: ['metric'],
      registers,
    });
    this.unitEnded({ outcome: 'PASS', count: 0 });
    for (const code of TERMINATED) this.unitEnded({ outcome: 'ERROR', code, count: 0 });
  }

  unitEnded({ outcome, code = '', count = 1 }: UnitEnd): void {
    this.#units.inc({ outcome, code: isFailureCode(code) ? code : '' }, count);
  }

  stepTried({ step, seconds, failure }: StepTry): void {
    if (failure === undefined) return this.#seconds.observe({ step }, seconds);
    const code = isFailureCode(failure.code) ? failure.code : 'UNKNOWN';
    this.#failures.inc({ step, code, retried: failure.isRetried ? 'yes' : 'no' });
  }

  /** Adds a metric that is read at each scrape. One that cannot be read, or takes too long, is absent from that scrape. */
  sample({ name, help, labels = [], read }: SampledMetric): void {
    const [unread, patience] = [this.#unread, this.#patience];
    const gauge = new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers: [],
      async collect() {
        this.reset();
        // A gauge without labels has the value 0 after a reset, which nobody has read.
        if (labels.length === 0) this.remove();
        try {
          const samples = await patience.inTime(read);
          for (const sample of samples) this.set({ ...sample.labels }, sample.value);
        } catch {
          unread.inc({ metric: name });
        }
      },
    });
    this.#registry.registerMetric(gauge);
  }

  /** All of it as text. */
  async text(): Promise<string> {
    return await this.#registry.metrics();
  }
}

/** The codes of the failure table, for a metric that has a sample for each. */
export function everyCode(): readonly FailureCode[] {
  return Object.keys(FAILURES) as FailureCode[];
}
