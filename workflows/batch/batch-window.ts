import { WAITING_MOST, chunkCount, unitsInChunk } from '../../provisioning/batch.ts';
import type {
  BatchInput,
  BatchProgress,
  BatchResume,
  ChunkReport,
  Pace,
  UnitCounts,
} from '../../provisioning/batch.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { LineTrouble } from '../../provisioning/line-trouble.ts';
import type { RerunFilter } from '../../provisioning/messages.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import type { Attention } from '../../provisioning/unit.ts';
import { runIdOf } from '../../provisioning/workflow-ids.ts';
import { brakeTrouble } from '../details/brake-trouble.ts';

/** The sliding window of a batch over its chunks. Plain state, no Temporal. */
export class BatchWindow {
  readonly #input: BatchInput;
  readonly #open = new Map<number, ChunkReport>();
  #closed: UnitCounts;
  #nextChunk: number;
  #starting: number | undefined;
  #pace: Pace | undefined;
  #pause: Decision | undefined;
  #closing: Decision | undefined;
  #units: number;
  #hasLost = false;
  readonly #own = new Set<number>();

  constructor(input: BatchInput) {
    this.#input = input;
    this.#units = input.supplement === undefined ? input.quantity : (input.supplement.units ?? 0);
    this.#nextChunk = input.resume?.nextChunk ?? 1;
    this.#closed = input.resume?.closed ?? { passed: 0, failed: 0, errors: 0, held: 0 };
    this.#pace = input.resume?.pace;
    this.#pause = input.resume?.pause;
    this.#closing = input.resume?.closing;
    for (const report of input.resume?.open ?? []) this.#open.set(report.chunk, report);
  }

  /** The registry has said how many units the supplement has. */
  expect(units: number): void {
    this.#units = units;
  }

  /** Names the run of the batch that this is the window of. */
  get runId(): string {
    return runIdOf(this.#input.batchId, this.#input.supplement?.number);
  }

  get chunks(): number {
    return chunkCount(this.#units);
  }

  /** The next chunk to start, if every open chunk leaves room and the batch is not paused, or `startsPaused`. */
  takeNext(startsPaused = () => false): number | undefined {
    if (!this.canStart && !(this.hasNext && startsPaused())) return undefined;
    const chunk = this.#nextChunk++;
    this.#open.set(chunk, emptyReport(chunk));
    this.#starting = chunk;
    return chunk;
  }

  /** Takes up chunks that an earlier run of the workflow started. */
  adopt(chunks: readonly number[]): void {
    for (const chunk of chunks) this.#open.set(chunk, emptyReport(chunk));
  }

  /** The workflow of the chunk that was taken last exists. */
  noteStarted(): void {
    this.#starting = undefined;
  }

  /** Open chunks whose workflows exist, or have existed. */
  get startedChunks(): number[] {
    return this.openChunks.filter((chunk) => chunk !== this.#starting);
  }

  get hasRoom(): boolean {
    return [...this.#open.values()].every((report) => report.draining);
  }

  get canStart(): boolean {
    return this.hasNext && this.#pause === undefined;
  }

  /** A chunk is left, and every open one leaves room for it. */
  get hasNext(): boolean {
    return this.#nextChunk <= this.chunks && this.hasRoom && !this.hasManyWaiting;
  }

  /** More units wait than one batch can carry: no further chunk starts until people have decided about some. */
  get hasManyWaiting(): boolean {
    let waiting = 0;
    for (const { attention } of this.#open.values()) waiting += attention.length;
    return waiting >= WAITING_MOST;
  }

  get finished(): boolean {
    return this.#nextChunk > this.chunks && this.#open.size === 0;
  }

  /** This run has started the chunk, so it learns by itself when it ends. */
  own(chunk: number): void {
    this.#own.add(chunk);
  }

  disown(chunk: number): void {
    this.#own.delete(chunk);
  }

  isOwn(chunk: number): boolean {
    return this.#own.has(chunk);
  }

  get openChunks(): number[] {
    return [...this.#open.keys()];
  }

  /** Serials of the units that wait and that the filter chooses, by open chunk. Chunks without any are left out. */
  waiting({ codes, serials }: RerunFilter = {}): ReadonlyMap<number, readonly string[]> {
    const folded = serials && new Set(serials.map(foldSerial));
    const isChosen = ({ code, serial }: Attention): boolean =>
      (!codes || codes.includes(code)) && (!folded || folded.has(foldSerial(serial)));
    const byChunk = [...this.#open].map(([chunk, { attention }]): [number, string[]] => [
      chunk,
      attention.filter(isChosen).map(({ serial }) => serial),
    ]);
    return new Map(byChunk.filter(([, chosen]) => chosen.length > 0));
  }

  /**
   * Reports come twice, late and out of order: only a newer one of an open chunk is used. The last one is used in any case: a
   * chunk that was reset counts its reports from where it was reset to.
   */
  hear(report: ChunkReport): void {
    const known = this.#open.get(report.chunk);
    if (!known || (report.sequence <= known.sequence && !report.finished)) return;
    this.#open.set(report.chunk, report);
    if (report.finished) this.#close(report);
  }

  /** A chunk that is closed and will not report again: what it had not accounted for is an error of the line. */
  lose(chunk: number): void {
    const known = this.#open.get(chunk);
    if (!known) return;
    this.#hasLost = true;
    const { passed, failed, errors, held } = known;
    const missing = unitsInChunk(this.#units, chunk) - passed - failed - errors - held;
    this.#close({ ...known, errors: errors + missing });
  }

  /** In this run: units of such a chunk may have been terminated before, and nobody recorded it. */
  get hasLost(): boolean {
    return this.#hasLost;
  }

  /** Undefined where nobody has changed it. */
  get pace(): Pace | undefined {
    return this.#pace;
  }

  /** Who paused the batch, while it is paused. */
  get pause(): Decision | undefined {
    return this.#pause;
  }

  /** Who closes the batch short or over, from then on. */
  get closing(): Decision | undefined {
    return this.#closing;
  }

  /** No further chunk is started, and the open ones are to end. */
  close(decision: Decision): void {
    this.#closing = decision;
    this.stop();
  }

  /** Why chunks start no further unit by themselves. */
  get brakes(): LineTrouble[] {
    const { batchId } = this.#input;
    return [...this.#open.values()].flatMap(({ brake }) => (brake ? [brakeTrouble(batchId, brake)] : []));
  }

  /** Units under way at once. */
  get width(): number {
    return this.#pace?.window ?? this.#input.window;
  }

  /** Of units that start from now on; undefined where nobody has asked for one. */
  get priority(): number | undefined {
    return this.#pace?.priority ?? this.#input.priority;
  }

  setPause(pause: Decision | undefined): void {
    this.#pause = pause;
    this.#changePace({}, pause === undefined);
  }

  setWidth(window: number): void {
    this.#changePace({ window });
  }

  setPriority(priority: number): void {
    this.#changePace({ priority });
  }

  /** Of a chunk that an earlier run of the batch started, nobody knows at which pace it is: it receives this one. */
  settlePace(): void {
    if (this.#pace === undefined) this.#changePace({});
  }

  /**
   * By the clock, so that a chunk takes it for newer than what an earlier run of the batch said. Units that failed alike keep
   * others from their start until a person resumes the batch, whatever else is changed.
   */
  #changePace(change: Partial<Pick<Pace, 'window' | 'priority'>>, isResumed = false): void {
    const sequence = Math.max((this.#pace?.sequence ?? 0) + 1, Date.now());
    const before = { window: this.width, ...this.#pace };
    const resumed = isResumed ? sequence : (before.resumed ?? 0);
    this.#pace = { ...before, ...change, sequence, resumed, paused: this.#pause !== undefined };
  }

  /** No further chunk is started. */
  stop(): void {
    this.#nextChunk = this.chunks + 1;
  }

  /** The batch is closed, and these are the counts of the registry: they are exact whatever its chunks reported. */
  settle(counts: UnitCounts): void {
    const { passed, failed, errors, held } = counts;
    this.stop();
    this.#open.clear();
    this.#closed = { passed, failed, errors, held };
  }

  get progress(): BatchProgress {
    const { batchId, order, manifest, supplement } = this.#input;
    const open = [...this.#open.values()];
    const sum = open.reduce(add, this.#closed);
    const ended = (counts: UnitCounts) => counts.passed + counts.failed + counts.errors + counts.held;
    return {
      batchId,
      order,
      manifest,
      quantity: this.#units,
      ...(supplement && { supplement: supplement.number }),
      chunks: this.chunks,
      openChunks: open.length,
      ...sum,
      started: ended(this.#closed) + open.reduce((total, report) => total + report.started, 0),
      attention: open.flatMap((report) => report.attention),
      refused: open.some((report) => report.refused),
      window: this.width,
      ...(this.priority !== undefined && { priority: this.priority }),
      ...(this.#pause && { pause: this.#pause }),
      ...(this.#closing && { closing: this.#closing }),
    };
  }

  get resume(): BatchResume {
    return {
      nextChunk: this.#nextChunk,
      open: [...this.#open.values()],
      closed: this.#closed,
      ...(this.#pace && { pace: this.#pace }),
      ...(this.#pause && { pause: this.#pause }),
      ...(this.#closing && { closing: this.#closing }),
    };
  }

  #close(report: ChunkReport): void {
    this.#open.delete(report.chunk);
    this.#closed = add(this.#closed, report);
  }
}

function add(a: UnitCounts, b: UnitCounts): UnitCounts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    errors: a.errors + b.errors,
    held: a.held + b.held,
  };
}

function emptyReport(chunk: number): ChunkReport {
  return {
    chunk,
    sequence: 0,
    units: 0,
    started: 0,
    passed: 0,
    failed: 0,
    errors: 0,
    held: 0,
    attention: [],
    draining: false,
    refused: false,
    finished: false,
  };
}
