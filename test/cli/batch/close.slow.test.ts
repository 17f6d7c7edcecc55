import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { failure } from '../../workflows/rig.ts';
import { registration } from '../../registry/record/opened.ts';
import { startBench } from './bench.ts';

const SAID = ['--reason', 'enough', '--by', 'A. Berg', '--yes'];

it('closes a batch short: nothing is open, and who and why is recorded everywhere', async () => {
  const { place, registry, rig } = await startBench(['CL-1', 'CL-2'], ['CL-2']);
  await until('one waits', async () => (await registry.batchSummary('PO-1')).attention === 1);
  expect(await place.certline('batch', 'close', 'PO-1', ...SAID)).toMatchObject({ status: 2 });
  expect(await place.certline('batch', 'close', 'PO-1', '--over', ...SAID)).toMatchObject({
    status: 6,
    stderr: expect.stringContaining('Batch PO-1 is not over: 1 boards got a certificate for its 2 units.'),
  });
  expect(await place.certline('batch', 'close', 'PO-1', '--short', ...SAID)).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('(1 of 2 units passed)'),
  });
  expect(await rig.client.workflow.getHandle('batch/PO-1').result()).toMatchObject({ passed: 1, held: 1 });
  expect(await registry.batchSummary('PO-1')).toMatchObject({
    batch: { state: 'closed' },
    open: 0,
    attention: 0,
  });
  expect(await registry.unit('CL-2')).toMatchObject({
    outcome: 'HOLD',
    code: 'CLOSED_SHORT',
    attempts: [{ code: 'BOARD_GONE' }],
  });
  const result = readFileSync(join(place.inbox, 'lot.result.csv'), 'utf8');
  expect(result).toMatch(/"CL-2","golioth-node","HOLD","CLOSED_SHORT",.*"close","enough","A. Berg"/);
  // It has ended: another decision is recorded, and nothing else changes.
  const again = await place.certline('batch', 'close', 'PO-1', '--short', ...SAID);
  expect(again).toMatchObject({ status: 0, stdout: expect.stringContaining('Batch PO-1 has ended') });
  await rig.client.workflow.getHandle('batch/PO-1').result();
  expect(await registry.batchDecisions('PO-1')).toMatchObject([
    { verdict: 'close', detail: 'short', reason: 'enough', by: 'A. Berg' },
    { verdict: 'close', detail: 'short: 1 of 2 units passed' },
  ]);
  const nobody = await place.certline('batch', 'recover', 'PO-1', '--reason', 'why', '--yes');
  expect(nobody).toMatchObject({ status: 2, stderr: expect.stringContaining('--by') });
});

it('closes a batch over, of which more boards got a certificate than it has units', async () => {
  const { place, registry, rig } = await startBench(['CL-1'], []);
  await rig.client.workflow.getHandle('batch/PO-1').result();
  const rework = { reworkId: 'RW-1', kind: 'swap', reason: 'cracked', by: 'A. Berg', signed: '' } as const;
  await registry.openRework({ ...rework, serials: ['CL-1'] });
  await registry.registerUnit({
    ...registration('CL-1', 2),
    boardId: 'b0b0',
    reworkId: 'RW-1',
    supersedesAttempt: 1,
  });
  const over = await place.certline('batch', 'close', 'PO-1', '--over', ...SAID);
  expect(over).toMatchObject({ status: 0, stdout: expect.stringContaining('(2 boards for 1 units)') });
  await rig.client.workflow.getHandle('batch/PO-1').result();
  expect(await registry.batchDecisions('PO-1')).toMatchObject([
    { verdict: 'close', detail: 'over: 2 boards for 1 units', reason: 'enough', by: 'A. Berg' },
  ]);
  expect(await registry.batchSummary('PO-1')).toMatchObject({ batch: { state: 'closed' }, passed: 1 });
  const result = readFileSync(join(place.inbox, 'lot.result.csv'), 'utf8');
  expect(result).toContain('b0b0');
  const short = await place.certline('batch', 'close', 'PO-1', '--short', ...SAID);
  expect(short).toMatchObject({ status: 6, stderr: expect.stringContaining('is not short') });
});

it('withdraws a batch that never began: its serials are free, and its units run again after all', async () => {
  let isOpen = false;
  const { place, registry, rig } = await startBench(['CL-1', 'CL-2'], [], {
    releaseUnits: async () => Promise.reject(failure('ORDER_UNKNOWN')),
    returnUnits: async ({ serials }) => serials.filter((serial) => serial === 'CL-2'),
    releaseAttempts: async ({ units }) => {
      if (!isOpen) throw failure('ORDER_UNKNOWN');
      return units.map(({ serial, attempt }) => ({ serial, attempt: attempt + 1, hasCertificate: false }));
    },
  });
  await until('both wait', async () => (await registry.batchSummary('PO-1')).attention === 2);
  expect(await place.certline('batch', 'withdraw', 'PO-1', ...SAID)).toMatchObject({ status: 0 });
  await rig.client.workflow
    .getHandle('batch/PO-1')
    .result()
    .catch(() => undefined);
  expect(rig.calls.find(({ name }) => name === 'returnUnits')!.input).toEqual({
    batchId: 'PO-1',
    serials: ['CL-1', 'CL-2'],
    reason: 'enough',
    by: 'A. Berg',
    supplements: 0,
    signed: expect.any(String),
  });
  // The signer keeps what has a certificate.
  expect(await registry.registeredSerials(['cl-1', 'cl-2'])).toEqual([{ key: 'cl-2', batchId: 'PO-1' }]);
  expect((await place.certline('unit', 'show', 'CL-1')).stdout).toContain('its serial is free');
  // Again, for a batch that has ended.
  expect(await place.certline('batch', 'withdraw', 'PO-1', ...SAID)).toMatchObject({ status: 0 });
  await until('it is asked again', () => rig.called('returnUnits') === 2);
  await rig.client.workflow.getHandle('batch/PO-1').result();
  isOpen = true;
  const rerun = await place.certline('batch', 'rerun', 'PO-1', '--ended', '--reason', 'needed after all');
  expect(rerun.stdout).toContain('2 units run again');
  const supplement = rig.client.workflow.getHandle('batch/PO-1/supplement-1');
  expect(await supplement.result()).toMatchObject({ passed: 2 });
  expect(await registry.registeredSerials(['cl-1'])).toHaveLength(1);
  expect((await registry.batchDecisions('PO-1')).map(({ verdict }) => verdict)).toEqual([
    'withdraw',
    'withdraw',
  ]);
});

it('withdraws each run of a batch that was terminated in Temporal', async () => {
  const { place, registry, rig } = await startBench(['CL-1', 'CL-2'], ['CL-1', 'CL-2']);
  await until('both wait', async () => (await registry.batchSummary('PO-1')).attention === 2);
  expect(await place.certline('unit', 'skip', 'CL-1')).toMatchObject({ status: 0 });
  await until('one has ended', async () => (await registry.unit('CL-1'))?.outcome === 'HOLD');
  const decision = { verdict: 'rerun', decidedAt: new Date().toISOString() };
  await registry.openSupplement({ batchId: 'PO-1', number: 1, choice: { serials: ['CL-1'] }, decision });
  for (const workflowId of ['batch/PO-1', 'batch/PO-1/chunk-00001', 'unit/CL-2'])
    await rig.client.workflow.getHandle(workflowId).terminate();
  await until('the list of Temporal has heard of it', async () => {
    const { count } = await rig.client.workflow.count('ExecutionStatus="Running"');
    return count === 0;
  });
  expect(await place.certline('batch', 'withdraw', 'PO-1', ...SAID)).toMatchObject({ status: 0 });
  await until('it is closed', async () => (await registry.batchSummary('PO-1')).batch.state === 'closed');
  expect(await registry.supplements('PO-1')).toMatchObject([{ closedAt: expect.any(String) }]);
  expect(await registry.batchSummary('PO-1')).toMatchObject({ held: 2, open: 0, attention: 0 });
});
