import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';

/**
 * Temporal lets one workflow of an id run at a time, and so nothing is done twice. Throws where somebody started a workflow like
 * another one in the Temporal UI, under an id of its own.
 */
export function mustHaveId(id: string): void {
  const { workflowId } = workflowInfo();
  if (workflowId === id) return;
  throw ApplicationFailure.create({
    type: 'WRONG_ID',
    message: `Nothing is done: this workflow is "${workflowId.slice(0, 80)}", and only ${id} does this work.`,
    nonRetryable: true,
  });
}
