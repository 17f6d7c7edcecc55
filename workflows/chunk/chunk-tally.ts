import type { ChunkInput, ChunkReport, Pace, UnitCounts } from '../../provisioning/batch.ts';
import type { ReportedPass } from '../../provisioning/pass.ts';
import type { Outcome } from '../../provisioning/outcome.ts';
import type { Attention } from '../../provisioning/unit.ts';
import { ChunkBrake } from './chunk-brake.ts';

/** A chunk reports to its batch after each tenth of its units: ten signals for 250 units. */
const REPORTS_PER_CHUNK = 10;

/** The counts of a chunk, and when they are worth a report. Plain state, no Temporal. */
export class ChunkTally {
  readonly #chunk: number;
  #pace: Pace;
  readonly #given: number | undefined;
  readonly #brake: ChunkBrake;
  readonly #attention = new Map<string, Attention>();
  /** Units that have not begun, because the signer refuses to release them. */
  #refused: readonly Attention[] = [];
  readonly #counts = { passed: 0, failed: 0, errors: 0, held: 0 };
  #passed: ReportedPass[] = [];
  #units: number | undefined;
  #started = 0;
  #sequence = 0;
  #unreported = 0;
  #urgent = false;
  #closing = false;

  /** `mayBrake` is asked when so many units have failed alike that no further one should start. */
  constructor(
    { chunk, window, pace, priority }: Pick<ChunkInput, 'chunk' | 'window' | 'pace' | 'priority'>,
    mayBrake = () => true,
  ) {
    this.#brake = new ChunkBrake(mayBrake);
    this.#chunk = chunk;
    this.#pace = pace ?? { sequence: 0, window, paused: false };
    this.#given = priority;
  }

  /** Rows are loaded. */
  expect(units: number): void {
    this.#units = units;
  }

  start(): void {
    this.#started++;
    if (this.draining) this.#urgent = true;
  }

  end(serial: string, outcome: Outcome): void {
    this.#attention.delete(serial);
    this.#changeBrake((brake) => brake.settle(serial));
    this.#counts[COUNTER[outcome]]++;
    this.#unreported++;
    if (this.draining) this.#urgent = true;
  }

  /** The unit had ended before this chunk began. */
  recall(serial: string, outcome: Outcome): void {
    this.start();
    this.end(serial, outcome);
  }

  /** No further unit starts; those that have not are on hold. */
  close(): void {
    this.#closing = true;
    this.#refused = [];
    this.#urgent = true;
  }

  get isClosing(): boolean {
    return this.#closing;
  }

  /** These never begin, because the batch is closed. */
  leaveOut(units: number): void {
    this.#started += units;
    this.#counts.held += units;
    this.#urgent = true;
  }

  reportAgain(): void {
    this.#urgent = true;
  }

  pass(pass: ReportedPass): void {
    this.#passed.push(pass);
    this.#changeBrake((brake) => brake.pass(pass.pass?.stationId));
  }

  /** Units that passed since the last call. */
  takePassed(): ReportedPass[] {
    return this.#passed.splice(0);
  }

  attend(serial: string, attention: Attention | null): void {
    if (attention) {
      this.#attention.set(serial, attention);
      this.#brake.fail(attention, this.#pace.window);
    } else {
      this.#attention.delete(serial);
      this.#brake.settle(serial);
    }
    this.#urgent = true;
  }

  /** The chunk is not released: all of its units wait. */
  refuse(refused: readonly Attention[]): void {
    this.#refused = refused;
    this.#urgent = true;
  }

  /** The release of the chunk is requested again, if it was refused and one of its units is among these. */
  askAgain(serials: readonly string[]): void {
    if (this.#refused.some(({ serial }) => serials.includes(serial))) this.refuse([]);
  }

  get isRefused(): boolean {
    return this.#refused.length > 0;
  }

  get ended(): number {
    const { passed, failed, errors, held } = this.#counts;
    return passed + failed + errors + held;
  }

  /** Units that need a socket: one that waits for a decision holds none. */
  get active(): number {
    return this.#started - this.ended - this.#attention.size;
  }

  get roomForOne(): boolean {
    return this.active < this.#pace.window;
  }

  /** The next unit may start. */
  get mayStart(): boolean {
    return this.roomForOne && !this.#pace.paused && !this.#brake.stop;
  }

  /** Of the next unit; undefined where nobody has asked for one. */
  get priority(): number | undefined {
    return this.#pace.priority ?? this.#given;
  }

  /** Signals come late and out of order: only a newer pace is used. The batch learns at once whether there is room now. */
  setPace(pace: Pace): void {
    if (pace.sequence <= this.#pace.sequence) return;
    // Batches of earlier versions do not say which change resumes them: any one did.
    const isResumed = pace.resumed === undefined || pace.resumed > (this.#pace.resumed ?? 0);
    this.#pace = pace;
    if (isResumed && !pace.paused) this.#brake.release();
    this.#urgent = true;
  }

  /** A person has units tried again. */
  releaseBrake(): void {
    this.#changeBrake((brake) => brake.release());
  }

  /** A report more than an earlier version sent would break its history: only a brake that ends is worth one. */
  #changeBrake(change: (brake: ChunkBrake) => void): void {
    const wasOn = this.#brake.stop !== undefined;
    change(this.#brake);
    if (wasOn && !this.#brake.stop) this.#urgent = true;
  }

  /** All units are started and the window has room: the next chunk may begin. */
  get draining(): boolean {
    return this.#units !== undefined && this.#started >= this.#units && this.roomForOne && !this.#brake.stop;
  }

  get finished(): boolean {
    return this.#units !== undefined && this.ended >= this.#units;
  }

  get due(): boolean {
    const every = Math.max(1, Math.ceil((this.#units ?? 0) / REPORTS_PER_CHUNK));
    return this.#urgent || this.#unreported >= every || this.finished;
  }

  waiting(serials: readonly string[]): string[] {
    return serials.filter((serial) => this.#attention.has(serial));
  }

  get counts(): UnitCounts {
    return this.#counts;
  }

  get attention(): readonly Attention[] {
    return [...this.#attention.values(), ...this.#refused];
  }

  /** Without hints: the table has them by code, and a batch carries what thousands of units wait for. */
  report(): ChunkReport {
    this.#urgent = false;
    this.#unreported = 0;
    const brake = this.finished ? undefined : this.#brake.stop;
    return {
      chunk: this.#chunk,
      sequence: ++this.#sequence,
      units: this.#units ?? 0,
      started: this.#started + this.#refused.length,
      ...this.#counts,
      attention: this.attention.map((each) => ({ ...each, hint: '' })),
      draining: this.draining,
      refused: this.isRefused,
      finished: this.finished,
      ...(brake && { brake }),
    };
  }
}

const COUNTER: Record<Outcome, keyof UnitCounts> = {
  PASS: 'passed',
  FAIL: 'failed',
  ERROR: 'errors',
  HOLD: 'held',
};
