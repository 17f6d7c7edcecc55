import { Client, Connection } from '@temporalio/client';
import { expect, it, onTestFinished } from 'vitest';
import { WORKFLOW_QUEUE } from '../../provisioning/task-queues.ts';
import { temporalWorkStanding } from '../../workers/temporal-work-standing.ts';
import { testServer } from '../support/temporal-server.ts';

it('knows the workflows whose tasks the orchestrators have from those of strangers, run by run', async () => {
  const { address, namespace } = await testServer();
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  const client = new Client({ connection, namespace });
  const standing = temporalWorkStanding(client);
  const runOf = async (taskQueue: string): Promise<{ workflowId: string; runId: string }> => {
    const options = { workflowId: 'unit/CL-1', taskQueue };
    const { workflowId, firstExecutionRunId: runId } = await client.workflow.start('unit', options);
    return { workflowId, runId };
  };
  const handle = client.workflow.getHandle('unit/CL-1');

  expect(await standing.unitRuns('CL-1')).toBe(false);
  const stranger = await runOf('evil');
  expect(await standing.unitRuns('CL-1')).toBe(true);
  expect(await standing.isOrchestrated(stranger)).toBe(false);
  await handle.terminate();
  const own = await runOf(WORKFLOW_QUEUE);
  expect(await standing.isOrchestrated(own)).toBe(true);
  expect(await standing.isOrchestrated(stranger)).toBe(false);
  await handle.terminate();
  expect(await standing.unitRuns('CL-1')).toBe(false);
  const never = { workflowId: 'unit/CL-2', runId: own.runId };
  expect(await standing.isOrchestrated(never)).toBe(false);
});
