import type { RejectedBoard } from './rejected-board.ts';

/**
 * Names a run of a batch: the first one is named as the batch is, a supplement (from 1) has its number behind it. No batch id
 * contains a slash.
 */
export function runIdOf(batchId: string, supplement: number | undefined): string {
  return supplement === undefined ? batchId : `${batchId}/supplement-${supplement}`;
}

/** The number of the supplement that a run is; 0 for the first run of a batch. */
export function supplementOf(runId: string): number {
  return Number(/\/supplement-(\d+)$/.exec(runId)?.[1] ?? 0);
}

/**
 * Workflow ids come from the business, so that nothing can run twice at once: its id is taken. Here and below, a batch may be
 * named by one of its runs.
 */
export function batchWorkflowId(batchId: string): string {
  return `batch/${batchId}`;
}

/** Chunks are numbered from 1; five digits keep them in order in a list. */
export function chunkWorkflowId(batchId: string, chunk: number): string {
  return `batch/${batchId}/chunk-${String(chunk).padStart(5, '0')}`;
}

/** The number of the chunk whose workflow id this is; undefined where it is none. */
export function chunkNumberOf(workflowId: string): number | undefined {
  const [, number] = /\/chunk-(\d+)$/.exec(workflowId) ?? [];
  return number === undefined ? undefined : Number(number);
}

export function unitWorkflowId(serial: string): string {
  return `unit/${serial}`;
}

/** One board and one cause; a board that does not say which one it is, by where and when it was seen. */
export function rejectedBoardWorkflowId({ boardId, stationId, socket, seenAt, code }: RejectedBoard): string {
  return `rejected/${boardId ?? `${stationId}/${socket}/${seenAt}`}/${code}`;
}

/** Each of its units runs as the workflow of the unit: see `unitWorkflowId`. */
export function reworkWorkflowId(reworkId: string): string {
  return `rework/${reworkId}`;
}

/** The inverse of `batchWorkflowId`. */
export function batchIdOf(workflowId: string): string {
  return workflowId.slice(batchWorkflowId('').length);
}
