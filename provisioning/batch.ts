import type { NewBatch } from './batch-record.ts';
import type { BatchVerdict, Decision } from './decision.ts';
import type { FailureCode } from './failure-table.ts';
import type { LineReport, LineTrouble } from './line-trouble.ts';
import type { Outcome } from './outcome.ts';
import type { SeenLog } from './signer-log.ts';
import type { SupplementInput } from './supplement.ts';
import type { Attention, UnitRow } from './unit.ts';

/** Units in a chunk: 250 units with their child events stay far below the history limit of 51,200 events. */
export const CHUNK_SIZE = 250;

/**
 * Units of a batch that wait for a person before no further chunk starts. They are carried through continue-as-new with about
 * 120 octets each, and Temporal takes 2 MB (limit.blobSize.error).
 */
export const WAITING_MOST = 10_000;

/** Chunks that a batch of this many units has. */
export function chunkCount(quantity: number): number {
  return Math.ceil(quantity / CHUNK_SIZE);
}

/** Units of chunk `chunk` (from 1) in a batch of this many units. */
export function unitsInChunk(quantity: number, chunk: number): number {
  return Math.max(0, Math.min(CHUNK_SIZE, quantity - (chunk - 1) * CHUNK_SIZE));
}

/** How fast the units of a batch start. Units that are under way continue in any case. */
export interface Pace {
  /** Rises with each change; an older one is ignored. */
  readonly sequence: number;
  /** Units under way at once. */
  readonly window: number;
  /** No further unit starts. */
  readonly paused: boolean;
  /** Of units that start from now on; absent where nobody has changed it. */
  readonly priority?: number;
  /** The change with which a person resumed the batch last, 0 where nobody has; absent where an earlier version sent it. */
  readonly resumed?: number;
}

export interface UnitCounts {
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly held: number;
}

/** Why a chunk starts no further unit: so many units failed with this code one after the other. */
export interface Brake {
  readonly code: FailureCode;
  readonly units: number;
  /** Where they were, as far as is known. */
  readonly stations: readonly string[];
}

/** What a chunk reports to its batch: its whole state each time, so that a report twice or late does no harm. */
export interface ChunkReport extends UnitCounts {
  readonly chunk: number;
  /** Rises with each report of this chunk; an older one is ignored. */
  readonly sequence: number;
  readonly units: number;
  readonly started: number;
  readonly attention: readonly Attention[];
  /** Every unit is started and there is room in the window: the next chunk may begin. */
  readonly draining: boolean;
  /** The signer refuses to release the chunk: its units wait, and none has begun. `started` includes them. */
  readonly refused: boolean;
  readonly finished: boolean;
  /** Absent where units start. */
  readonly brake?: Brake;
}

/** Input of the batch workflow; what it carries through continue-as-new is in `resume`. */
export interface BatchInput extends NewBatch {
  /** Units under way at once: about twice the sockets there are. */
  readonly window: number;
  readonly resume?: BatchResume;
  readonly recovery?: Recovery;
  /** Absent for the first run of a batch. */
  readonly supplement?: SupplementInput;
}

/** Why a batch is started again whose workflow has ended, and to do what. */
export interface Recovery {
  /**
   * continue: chunks or units are under way; they are taken up, and what has not begun begins. close: nothing is, and no unit
   * begins; what is known is written and settled.
   */
  readonly mode: 'continue' | 'close';
  /** Why and by whom: recover; close; or withdraw, which also frees what was never begun. Earlier versions gave a reason only. */
  readonly decision?: Decision<Extract<BatchVerdict, 'recover' | 'withdraw' | 'close'>>;
  /** The run was being ended already, by a decision that was answered: no further unit begins. */
  readonly ending?: Ending;
}

export interface Ending {
  readonly decision: Decision<Extract<BatchVerdict, 'cancel' | 'withdraw' | 'close'>>;
  /** The chunks that are under way, by number. */
  readonly chunks: readonly number[];
}

/** The input of a batch that an earlier version started: the quantity was called `rows`. */
export type EarlierBatchInput = Omit<BatchInput, 'quantity'> & { readonly rows: number };

/** The input of a batch, whichever version started it. */
export function batchInputOf(input: BatchInput | EarlierBatchInput): BatchInput {
  if ('quantity' in input) return input;
  const { rows, ...rest } = input;
  return { ...rest, quantity: rows };
}

export interface BatchResume {
  readonly nextChunk: number;
  readonly open: readonly ChunkReport[];
  readonly closed: UnitCounts;
  /** Absent where nobody has changed it. */
  readonly pace?: Pace;
  /** Who paused it, while it is paused. */
  readonly pause?: Decision;
  /** What is wrong with the line. */
  readonly line?: readonly LineReport[];
  /** Who closes it short or over. */
  readonly closing?: Decision;
}

/** Input of the chunk workflow. */
export interface ChunkInput extends Pick<
  BatchInput,
  'batchId' | 'order' | 'manifestSha256' | 'window' | 'priority'
> {
  /** From 1. */
  readonly chunk: number;
  /** Units of the whole batch. */
  readonly quantity: number;
  /** Absent where nobody had changed it when the chunk began. */
  readonly pace?: Pace;
  /** The supplement that it is of; absent for the first run of a batch. */
  readonly supplement?: Pick<SupplementInput, 'number' | 'decision'>;
}

/** The input of a chunk that an earlier version started: the quantity was called `batchRows`. */
export type EarlierChunkInput = Omit<ChunkInput, 'quantity'> & { readonly batchRows: number };

/** The input of a chunk, whichever version started it. */
export function chunkInputOf(input: ChunkInput | EarlierChunkInput): ChunkInput {
  if ('quantity' in input) return input;
  const { batchRows, ...rest } = input;
  return { ...rest, quantity: batchRows };
}

/** The answer of a batch's `progress` query and the result of the batch workflow. */
export interface BatchProgress extends UnitCounts {
  readonly batchId: string;
  readonly order: string;
  readonly manifest: string;
  /** Units of the run: of the whole batch, or of a supplement. */
  readonly quantity: number;
  /** Absent for the first run of a batch. */
  readonly supplement?: number;
  readonly chunks: number;
  readonly openChunks: number;
  readonly started: number;
  readonly attention: readonly Attention[];
  /** The signer refuses to release the next units: none begins until `rerunFailed`. */
  readonly refused: boolean;
  /** Units under way at once; batches that ended under an earlier version do not say it. */
  readonly window?: number;
  /** Absent where nobody has asked for one. */
  readonly priority?: number;
  /** Who paused it: no further unit starts until `resume`. */
  readonly pause?: Decision;
  /** What is wrong with the line; absent where nothing is. */
  readonly trouble?: readonly LineTrouble[];
  /** Who closes it short or over: no further unit starts, and none waits. */
  readonly closing?: Decision;
}

/** A unit of a chunk; `outcome` where it has ended before its chunk began, because the chunk is started again. */
export interface ChunkRow extends UnitRow {
  readonly outcome?: Outcome;
  /** An earlier batch had the serial, of which it was never begun: there may be a workflow of it that has ended. */
  readonly isReused?: true;
  /** The last attempt that is recorded, 0 where none is; only in a supplement, whose attempts follow it. */
  readonly attempt?: number;
}

/** The units of a chunk, and the intake's word that they may be made. */
export interface LoadedChunk {
  readonly rows: readonly ChunkRow[];
  /** Over those that have not ended, base64; absent where an earlier version loaded them. */
  readonly signed?: string;
  /** What the registry has seen of the logs of signers, which the signature is over too; absent where it has seen none. */
  readonly seen?: readonly SeenLog[];
}

/** What was loaded, whichever version did: earlier ones gave the rows alone. */
export function loadedChunk(loaded: LoadedChunk | readonly ChunkRow[]): LoadedChunk {
  return 'rows' in loaded ? loaded : { rows: loaded };
}

export interface LoadChunkInput {
  readonly batchId: string;
  /** The supplement that the chunk is of; absent for the first run of a batch. */
  readonly supplement?: number;
  /** From 1. */
  readonly chunk: number;
}

/** Exceptional path: the signer refused to release these units, so they wait before they have begun. */
export interface RecordRefusalInput {
  readonly batchId: string;
  /** `attempt`: the last one before, in a supplement. */
  readonly units: readonly (UnitRow & { readonly attempt?: number })[];
  readonly code: FailureCode;
}

/** Units of a batch that ended and were never begun: a page after this row number, from 0. */
export interface NeverBegunInput {
  readonly batchId: string;
  readonly after: number;
}

export interface NeverBegunUnits {
  readonly serials: readonly string[];
  /** Supplements that the batch has had, and the intake's word for all this; absent where an earlier version answered. */
  readonly supplements?: number;
  readonly signed?: string;
  /** Row number of the last of them; absent on the last page. */
  readonly next?: number;
}

/** Their serials and boards are free for other batches. */
export interface FreeUnitsInput {
  readonly batchId: string;
  readonly serials: readonly string[];
}

export interface CloseBatchInput {
  readonly batchId: string;
  /** The supplement that ends; absent for the first run of a batch. */
  readonly supplement?: number;
  readonly cancelled: boolean;
  /** Its workflow had ended before: units that have no end are on HOLD. */
  readonly recovered?: boolean;
  /** A person closed it short or over: units that have no end are on HOLD. */
  readonly closed?: boolean;
}
