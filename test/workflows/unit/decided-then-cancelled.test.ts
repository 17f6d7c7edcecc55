import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { afterEach, describe, expect, it } from 'vitest';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import type { UnitState } from '../../../provisioning/unit.ts';
import { until } from '../../support/until.ts';
import { failure, PRODUCT, startRig } from '../rig.ts';
import type { Rig, ScriptedActivities } from '../rig.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

/** A unit whose board is proven waits: the disk of the registry is full, until `frees` is called. */
async function startProven(): Promise<{ handle: WorkflowHandle; frees: () => void }> {
  let isFull = true;
  const script: Partial<ScriptedActivities> = {
    // The first try is the last: a person decides. When it is cancelled, the tries go on.
    registerDevice: async () => {
      if (isFull) throw failure('REGISTRY_UNAVAILABLE', rig!.called('registerDevice') === 1);
    },
    recordFailure: async () => {
      if (isFull) throw failure('REGISTRY_UNAVAILABLE', false);
    },
  };
  rig = await startRig(script);
  const unit = { serial: 'CL-1', product: PRODUCT };
  const handle = await rig.client.workflow.start('unit', {
    workflowId: 'unit/CL-1',
    taskQueue: WORKFLOW_QUEUE,
    args: [{ batchId: 'B', order: 'O', unit, permit: { signature: 'p' } }],
  });
  await until('it waits', async () => (await handle.query<UnitState>('state')).attention !== undefined);
  return { handle, frees: () => (isFull = false) };
}

const recorded = () => rig!.calls.filter(({ name }) => name === 'recordFailure').map(({ input }) => input);

async function failureOf(handle: WorkflowHandle): Promise<ApplicationFailure> {
  const error: unknown = await handle.result().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return (error as WorkflowFailedError).cause as ApplicationFailure;
}

describe(
  'a unit that is cancelled while the registry does not take that it waits',
  { timeout: 60_000 },
  () => {
    it.each([
      ['scrap', 'FAIL'],
      ['skip', 'HOLD'],
    ])('ends with the %s that was answered before', async (verdict, outcome) => {
      const { handle, frees } = await startProven();
      await handle.executeUpdate(verdict, { args: [{ reason: 'cracked antenna', by: 'A. Berg' }] });
      await handle.cancel();
      await until('it is being cancelled', async () => {
        const { events } = await handle.fetchHistory();
        return events!.some((event) => event.workflowExecutionCancelRequestedEventAttributes);
      });
      frees();
      const { details } = await failureOf(handle);
      expect(details).toMatchObject([{ outcome, code: 'REGISTRY_UNAVAILABLE' }]);
      expect([rig!.called('registerDevice'), rig!.called('revokeCertificate')]).toEqual([1, 1]);
      expect(recorded().at(-1)).toMatchObject({
        outcome,
        decision: { verdict, reason: 'cracked antenna', by: 'A. Berg' },
      });
      // The registry takes no FAIL of an attempt that it does not know.
      if (verdict === 'scrap') expect(recorded().at(-2)).not.toHaveProperty('outcome');
    });

    it('takes no decision any more', async () => {
      const { handle, frees } = await startProven();
      await handle.cancel();
      await until('it is registered all the same', () => rig!.called('registerDevice') > 1);
      await expect(handle.executeUpdate('scrap')).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
      frees();
      expect(await handle.result()).toMatchObject({ outcome: 'PASS' });
    });
  },
);
