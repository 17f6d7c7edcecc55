import { join } from 'node:path';
import type { Connection, WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { afterEach, describe, expect, it } from 'vitest';
import type { BatchInput, ChunkRow } from '../../provisioning/batch.ts';
import { WORKFLOW_QUEUE } from '../../provisioning/task-queues.ts';
import { stuckWorkflows, troubleOfStuck } from '../../temporal/stuck-workflows.ts';
import * as workflowBundle from '../../workers/workflow-bundle.ts';
import { houseWithStep } from '../support/house-with-step.ts';
import { until } from '../support/until.ts';
import { PRODUCT, startRig } from './rig.ts';
import type { Rig } from './rig.ts';

/** The workflows with one more step before a unit is registered. */
async function bundleWith(step: string): Promise<WorkflowBundleOption> {
  const house = houseWithStep(step);
  const copy = (await import(join(house, 'workers/workflow-bundle.ts'))) as typeof workflowBundle;
  return await copy.bundleWorkflows();
}

let rig: Rig;
const running: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
  await rig.stop();
});

/** An orchestrator of this version; returns what stops it. */
async function start(bundle: WorkflowBundleOption): Promise<() => Promise<void>> {
  const { address } = (rig.client.connection as Connection).options;
  const connection = await NativeConnection.connect({ address });
  const { namespace } = rig;
  // Without a cache, so that each task is a replay, and may come to any of the orchestrators.
  const options = {
    connection,
    namespace,
    taskQueue: WORKFLOW_QUEUE,
    workflowBundle: bundle,
    maxCachedWorkflows: 0,
  };
  const worker = await Worker.create(options);
  const run = worker.run();
  const stop = async (): Promise<void> => {
    if (worker.getState() === 'RUNNING') worker.shutdown();
    await run;
    await connection.close();
    running.splice(running.indexOf(stop), 1);
  };
  running.push(stop);
  return stop;
}

const SERIALS = ['CL-1', 'CL-2', 'CL-3', 'CL-4', 'CL-5', 'CL-6'];

/** A lot of six, three at a time, whose boards are flashed once `go` is called, and registered once `register` is. */
async function startLot(): Promise<{ handle: WorkflowHandle; go: () => void; register: () => void }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const registers = Promise.withResolvers<void>();
  rig = await startRig(
    {
      loadChunk: async () => SERIALS.map((serial): ChunkRow => ({ serial, product: PRODUCT })),
      flashCredentials: async () => await promise,
      registerDevice: async () => await registers.promise,
    },
    { orchestratorAbsent: true },
  );
  const input: BatchInput = {
    batchId: 'B',
    order: 'PO-1',
    manifest: 'lot.csv',
    manifestSha256: 'ab'.repeat(32),
    quantity: SERIALS.length,
    window: 3,
  };
  const options = { workflowId: 'batch/B', taskQueue: WORKFLOW_QUEUE, args: [input] };
  const handle = await rig.client.workflow.start('batch', options);
  return { handle, go: resolve, register: registers.resolve };
}

const registered = (): number => rig.called('registerDevice');

describe('an update in the middle of a batch', () => {
  it('with a patch: old and new orchestrators side by side, then the new one, each unit made once', async () => {
    const { handle, go, register } = await startLot();
    register();
    const stopOld = await start(await workflowBundle.workflowBundle());
    await until('three are under way', () => rig.called('flashCredentials') === 3);
    await start(await bundleWith(`if (patched('next-version')) await nextSleep(1);`));
    go();
    await until('some are registered', () => registered() >= 2);
    await stopOld();
    expect(await handle.result()).toMatchObject({ passed: SERIALS.length });
    expect(registered()).toBe(SERIALS.length);
    expect(await stuckWorkflows(rig.client)).toEqual([]);
  });

  it('without a patch: what cannot continue is named with the way out, and continues on the earlier version', async () => {
    const { handle, go, register } = await startLot();
    const stopOld = await start(await workflowBundle.workflowBundle());
    await until('three are under way', () => rig.called('flashCredentials') === 3);
    await stopOld();
    go();
    const stopNew = await start(await bundleWith('await nextSleep(1);'));
    await until('the new version has made a step of its own', () => registered() === 3);
    await stopNew();
    register();
    // Back to the earlier version: the units that the new one began have a step that this one does not know.
    const again = await start(await workflowBundle.workflowBundle());
    const stuck = await until(
      'Temporal reports it',
      async () => {
        const found = await stuckWorkflows(rig.client);
        return found.length > 0 && found;
      },
      180_000,
    );
    const [sentence] = troubleOfStuck(stuck);
    expect(sentence).toMatch(
      /^unit\/CL-\d.* cannot continue \(NonDeterministicError\): another version of Certline began it/,
    );
    await again();
    await start(await bundleWith('await nextSleep(1);'));
    expect(await handle.result()).toMatchObject({ passed: SERIALS.length });
    expect(registered()).toBe(SERIALS.length);
  });
});
