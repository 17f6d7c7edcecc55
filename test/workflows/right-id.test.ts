import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WORKFLOW_QUEUE } from '../../provisioning/task-queues.ts';
import { PRODUCT, startRig } from './rig.ts';
import type { Rig } from './rig.ts';

const batch = {
  batchId: 'B',
  order: 'PO-1',
  manifest: 'lot.csv',
  manifestSha256: 'ab',
  quantity: 1,
  window: 4,
};
const unit = { serial: 'CL-1', product: PRODUCT };
const asked = { reworkId: 'RW-1', kind: 'renew', reason: 'why', by: 'who' };

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.stop());

it.each([
  ['batch', 'batch/B', batch],
  ['batch', 'batch/B/supplement-2', { ...batch, supplement: { number: 2, choice: {} } }],
  ['chunk', 'batch/B/chunk-00001', { ...batch, chunk: 1 }],
  ['unit', 'unit/CL-1', { batchId: 'B', order: 'PO-1', unit, permit: { signature: 'c2ln' } }],
  ['rework', 'rework/RW-1', { ...asked, serials: ['CL-1'], signed: 'c2ln' }],
  ['reworkUnit', 'unit/CL-1', { ...asked, unit: { ...unit, batchId: 'B', order: 'PO-1', attempt: 2 } }],
  ['deviceRegistry', 'device-registry/erp', { registry: 'erp' }],
])(
  'a workflow that is started like another one under its own id does nothing: %s of %s',
  async (type, id, input) => {
    const options = { workflowId: `copy of ${id}`, taskQueue: WORKFLOW_QUEUE, args: [input] };
    const error: unknown = await rig.client.workflow
      .execute(type, options)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((error as WorkflowFailedError).cause?.message).toBe(
      `Nothing is done: this workflow is "copy of ${id}", and only ${id} does this work.`,
    );
    expect(rig.calls).toEqual([]);
  },
);
