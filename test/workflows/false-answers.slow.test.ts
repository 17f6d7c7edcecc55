// Anybody can poll a task queue of the line, and answer its tasks with what no worker of Certline answers.
import { CompleteAsyncError, Context } from '@temporalio/activity';
import { afterEach, expect, it } from 'vitest';
import { WORKFLOW_QUEUE } from '../../provisioning/task-queues.ts';
import { until } from '../support/until.ts';
import { PRODUCT, startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

async function startBatch(stranger: (name: string) => unknown) {
  rig = await startRig({ loadChunk: async () => [{ serial: 'CL-1', product: PRODUCT }] }, { stranger });
  const batch = { batchId: 'B', order: 'PO-1', manifest: 'lot.csv', manifestSha256: '', quantity: 1 };
  return await rig.client.workflow.start('batch', {
    workflowId: 'batch/B',
    taskQueue: WORKFLOW_QUEUE,
    args: [{ ...batch, window: 4 }],
  });
}

/** The unit tries again until it has passed; none of the workflows has met what it cannot go on with. */
async function untilPassed(handle: Awaited<ReturnType<typeof startBatch>>): Promise<string[]> {
  const unit = rig!.client.workflow.getHandle('unit/CL-1');
  const codes: string[] = [];
  await until('the unit has passed', async () => {
    const { attention } = await unit
      .query<{ attention?: { code: string } }>('state')
      .catch(() => ({ attention: undefined }));
    if (attention !== undefined) {
      codes.push(attention.code);
      await unit.executeUpdate('retry').catch(() => undefined);
    }
    return (await unit.describe().catch(() => undefined))?.status.name === 'COMPLETED';
  });
  expect(await handle.result()).toMatchObject({ passed: 1, attention: [] });
  for (const workflowId of ['batch/B', 'batch/B/chunk-00001', 'unit/CL-1']) {
    const { events } = await rig!.client.workflow.getHandle(workflowId).fetchHistory();
    expect(events!.filter((event) => event.workflowTaskFailedEventAttributes)).toEqual([]);
  }
  return codes;
}

it('a malformed answer to a step is shown to a person, and the task of bookkeeping is given out again', async () => {
  const junk = new Map<string, unknown[]>([
    ['loadChunk', [null, { rows: 5 }]],
    ['releaseUnits', ['x', { permits: [null] }]],
    ['generateKeypair', [null]],
    ['releaseAttempt', [{}]],
    ['permitAttempt', [{ attempt: 2, permit: null }]],
    ['signCertificate', [{ certificate: 5 }]],
    ['verifyReadback', ['x']],
    ['activateCertificates', [{}]],
    ['closeBatch', [5]],
  ]);
  const handle = await startBatch((name) => junk.get(name)?.shift());
  const codes = new Set(await untilPassed(handle));
  expect([...codes].toSorted()).toEqual(['SIGNER_FAULT', 'STATION_FAULT']);
  expect([...junk.values()].flat()).toEqual([]);
}, 120_000);

it('so is an answer that cannot be decoded', async () => {
  const taken: string[] = [];
  const handle = await startBatch((name) => {
    if (taken.length > 0 || name !== 'signCertificate') return undefined;
    taken.push(Context.current().info.activityId);
    throw new CompleteAsyncError();
  });
  await until('he has taken it', () => taken.length > 0);
  const { client, namespace } = rig!;
  const metadata = { encoding: Buffer.from('json/plain') };
  await client.workflowService.respondActivityTaskCompletedById({
    namespace,
    workflowId: 'unit/CL-1',
    activityId: taken[0]!,
    result: { payloads: [{ metadata, data: Buffer.from('{"certificate"') }] },
  });
  expect(new Set(await untilPassed(handle))).toEqual(new Set(['SIGNER_FAULT']));
}, 120_000);

it('so is a failure whose words cannot be decoded', async () => {
  const taken: string[] = [];
  const handle = await startBatch((name) => {
    if (taken.length > 0 || name !== 'signCertificate') return undefined;
    taken.push(Context.current().info.activityId);
    throw new CompleteAsyncError();
  });
  await until('he has taken it', () => taken.length > 0);
  const { client, namespace } = rig!;
  const unreadable = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"message"') };
  const cause = { message: 'x', encodedAttributes: unreadable };
  await client.workflowService.respondActivityTaskFailedById({
    namespace,
    workflowId: 'unit/CL-1',
    activityId: taken[0]!,
    failure: {
      message: 'x',
      encodedAttributes: unreadable,
      cause,
      applicationFailureInfo: { type: 'SIGNER_FAULT', nonRetryable: true },
    },
  });
  expect(new Set(await untilPassed(handle))).toEqual(new Set(['SIGNER_FAULT']));
}, 120_000);
