import { CHUNK_SIZE } from '../../../provisioning/batch.ts';
import type { ChunkReport } from '../../../provisioning/batch.ts';

/** The last report of a chunk whose units all passed. */
export function passedChunk(chunk: number): ChunkReport {
  return {
    chunk,
    sequence: 1,
    units: CHUNK_SIZE,
    started: CHUNK_SIZE,
    passed: CHUNK_SIZE,
    failed: 0,
    errors: 0,
    held: 0,
    attention: [],
    draining: true,
    refused: false,
    finished: true,
  };
}
