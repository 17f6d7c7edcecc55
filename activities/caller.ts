import { Context } from '@temporalio/activity';
import { RegistryError } from '../registry/registry-error.ts';

/**
 * Throws REGISTRY_CONFLICT unless the workflow of this id, or one whose id begins with it and a `/`, asks. Temporal lets one
 * workflow of an id run at a time, so nobody can speak for one that runs by starting another. It is a hurdle and no proof:
 * a stranger can take the tasks of the orchestrator.
 */
export function mustComeFrom(workflowId: string): void {
  const caller = Context.current().info.workflowExecution?.workflowId ?? '';
  if (caller === workflowId || caller.startsWith(`${workflowId}/`)) return;
  const message = `The workflow "${caller.slice(0, 80)}" speaks for ${workflowId.slice(0, 80)}: find out who started it.`;
  throw new RegistryError('stranger', message);
}
