import { Context } from '@temporalio/activity';
import { batchWorkflowId } from '../provisioning/workflow-ids.ts';
import { RegistryError } from '../registry/registry-error.ts';
import type { WorkStanding } from './work-standing.ts';

/** What may follow the id of the workflow of a batch in those that speak for the batch: of its supplements and chunks. */
const OF_BATCH = /^(?:\/supplement-[1-9]\d{0,5})?(?:\/chunk-\d{5})?$/;

/**
 * Throws REGISTRY_CONFLICT unless the workflow of this id asks, and the orchestrators run it. Temporal lets one workflow of an id
 * run at a time, but anybody can start one when none does, with code of their own behind another task queue. It is a hurdle and
 * no proof: a stranger can take the tasks of the orchestrators.
 */
export async function mustComeFrom(work: WorkStanding, workflowId: string): Promise<void> {
  await mustBeOurs(work, workflowId, (caller) => caller === workflowId);
}

/** The same, for the workflow of a batch, of its supplements and of their chunks. A batch may be named by one of its runs. */
export async function mustComeFromBatch(work: WorkStanding, batchId: string): Promise<void> {
  const own = batchWorkflowId(batchId);
  await mustBeOurs(work, own, (caller) => caller.startsWith(own) && OF_BATCH.test(caller.slice(own.length)));
}

/** The same, for any workflow. */
export async function mustComeFromOrchestrator(work: WorkStanding): Promise<void> {
  await mustBeOurs(work, 'this factory line', () => true);
}

async function mustBeOurs(
  work: WorkStanding,
  spokenFor: string,
  fits: (caller: string) => boolean,
): Promise<void> {
  const caller = Context.current().info.workflowExecution;
  if (caller !== undefined && fits(caller.workflowId) && (await work.isOrchestrated(caller))) return;
  const message = `The workflow "${caller?.workflowId.slice(0, 80) ?? ''}" speaks for ${spokenFor.slice(0, 80)}: find out who started it.`;
  throw new RegistryError('stranger', message);
}
