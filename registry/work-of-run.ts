import { batchWorkflowId, runIdOf } from '../provisioning/workflow-ids.ts';
import type { Registry } from './registry.ts';

/** What runs of a batch in Temporal: a chunk, or the workflow of a unit, which has its serial number. */
export interface RunningWork {
  readonly workflowId: string;
  readonly serial?: string;
}

/** A run of a batch: a supplement, or without one the first run. */
export interface RunOfBatch {
  readonly batchId: string;
  readonly supplement?: number | undefined;
}

/**
 * Whether a chunk or a unit (it has a serial) of a batch belongs to one of its runs: the first one, or a supplement. Each run
 * has chunks of its own, and the registry knows the run that a unit belongs to now.
 */
export async function isWorkOfRun(
  registry: Pick<Registry, 'unit'>,
  { workflowId, serial }: RunningWork,
  { batchId, supplement }: RunOfBatch,
): Promise<boolean> {
  if (serial !== undefined) return (await registry.unit(serial))?.supplement === supplement;
  return workflowId.startsWith(`${batchWorkflowId(runIdOf(batchId, supplement))}/chunk-`);
}
