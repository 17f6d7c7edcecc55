import type { FailureCode } from './failure-table.ts';
import type { Attention, UnitRow } from './unit.ts';

/** Units in a chunk: 250 units with their child events stay far below the history limit of 51,200 events. */
export const CHUNK_SIZE = 250;

/** Chunks that a batch of this many rows has. */
export function chunkCount(rows: number): number {
  return Math.ceil(rows / CHUNK_SIZE);
}

/** Units of chunk `chunk` (from 1) in a batch of this many rows. */
export function unitsInChunk(rows: number, chunk: number): number {
  return Math.max(0, Math.min(CHUNK_SIZE, rows - (chunk - 1) * CHUNK_SIZE));
}

export interface UnitCounts {
  readonly passed: number;
  readonly failed: number;
  readonly errors: number;
  readonly held: number;
}

/** What a chunk tells its batch: its whole state each time, so that a report twice or late does no harm. */
export interface ChunkReport extends UnitCounts {
  readonly chunk: number;
  /** Rises with each report of this chunk; an older one is ignored. */
  readonly sequence: number;
  readonly units: number;
  readonly started: number;
  readonly attention: readonly Attention[];
  /** Every unit is started and there is room in the window: the next chunk may begin. */
  readonly draining: boolean;
  /** The signer refuses to release the chunk: its units wait, and none has begun. They count as started. */
  readonly refused: boolean;
  readonly finished: boolean;
}

/** Input of the batch workflow; what it carries through continue-as-new is in `resume`. */
export interface BatchInput {
  readonly batchId: string;
  readonly order: string;
  readonly manifest: string;
  /** Of the manifest, lower-case hex: an order may name it. */
  readonly manifestSha256: string;
  readonly rows: number;
  /** Units under way at once: about twice the sockets there are. */
  readonly window: number;
  readonly resume?: BatchResume;
}

export interface BatchResume {
  readonly nextChunk: number;
  readonly open: readonly ChunkReport[];
  readonly closed: UnitCounts;
}

/** Input of the chunk workflow. */
export interface ChunkInput {
  readonly batchId: string;
  readonly order: string;
  readonly manifestSha256: string;
  readonly chunk: number;
  readonly batchRows: number;
  readonly window: number;
}

/** The answer of a batch's `progress` query and the result of the batch workflow. */
export interface BatchProgress extends UnitCounts {
  readonly batchId: string;
  readonly order: string;
  readonly manifest: string;
  readonly rows: number;
  readonly chunks: number;
  readonly openChunks: number;
  readonly started: number;
  readonly attention: readonly Attention[];
  /** The signer refuses to release the next units: none begins until `rerunFailed`. */
  readonly refused: boolean;
}

export interface LoadChunkInput {
  readonly batchId: string;
  /** From 1. */
  readonly chunk: number;
}

/** Exceptional path: the signer refused to release these units, so they wait before they have begun. */
export interface RecordRefusalInput {
  readonly batchId: string;
  readonly units: readonly UnitRow[];
  readonly code: FailureCode;
}

export interface CloseBatchInput {
  readonly batchId: string;
  readonly cancelled: boolean;
}
