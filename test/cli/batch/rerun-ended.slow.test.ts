import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { BatchProgress } from '../../../provisioning/batch.ts';
import { json } from '../../support/certline.ts';
import { until } from '../../support/until.ts';
import type { ScriptedActivities } from '../../workflows/rig.ts';
import { startBench } from './bench.ts';
import type { Bench } from './bench.ts';

/** Earlier boards are away. */
const WITHOUT_OWN_BOARD: Partial<ScriptedActivities> = {
  releaseAttempts: async ({ units }) =>
    units.map(({ serial, attempt }) => ({ serial, attempt: attempt + 1, hasCertificate: false })),
};

const REASON = ['--reason', 'back from the lab', '--by', 'A. Berg'];

/** CL-1 passed, CL-2 was skipped, CL-3 scrapped; the batch is closed. */
async function endedBatch(): Promise<Bench> {
  const bench = await startBench(['CL-1', 'CL-2', 'CL-3'], ['CL-2', 'CL-3'], WITHOUT_OWN_BOARD);
  const { place, registry, rig, bad } = bench;
  await until('two wait', async () => (await registry.batchSummary('PO-1')).attention === 2);
  expect(await place.certline('unit', 'rerun', 'CL-2', ...REASON)).toMatchObject({
    status: 6,
    stderr: expect.stringContaining('CL-2 has not ended: use "certline unit retry CL-2"'),
  });
  await place.certline('unit', 'skip', 'CL-2', '--reason', 'at the lab');
  await place.certline('unit', 'scrap', 'CL-3', '--reason', 'cracked');
  await rig.client.workflow.getHandle('batch/PO-1').result();
  bad.clear();
  return bench;
}

const resultOf = ({ place }: Bench): string => readFileSync(join(place.inbox, 'lot.result.csv'), 'utf8');

it('runs a unit again that was skipped: record, result file and Temporal agree that it passed', async () => {
  const bench = await endedBatch();
  const { place, registry, rig } = bench;
  expect(await place.certline('unit', 'rerun', 'cl-2', ...REASON)).toMatchObject({
    status: 0,
    stdout: '1 unit runs again: certline batch watch PO-1/supplement-1\n',
    stderr: '',
  });
  const supplement = rig.client.workflow.getHandle('batch/PO-1/supplement-1');
  expect(await supplement.result()).toMatchObject({ supplement: 1, quantity: 1, passed: 1 });
  const unit = await registry.unit('CL-2');
  expect(unit).toMatchObject({ outcome: 'PASS', supplement: 1 });
  expect(unit!.attempts).toMatchObject([{ attempt: 1 }, { attempt: 2, follows: 1, supplement: 1 }]);
  expect(unit!.decisions).toMatchObject([
    { verdict: 'skip', reason: 'at the lab' },
    { verdict: 'rerun', reason: 'back from the lab', by: 'A. Berg', attempt: 1 },
  ]);
  expect(resultOf(bench)).toMatch(/"CL-2","golioth-node","PASS",.*"rerun","back from the lab","A. Berg"/);
  expect(resultOf(bench)).toMatch(/"CL-3","golioth-node","FAIL",.*"scrap","cracked",/);
  expect(json(await place.certline('batch', 'show', 'PO-1', '--json'))).toMatchObject({
    state: 'closed',
    passed: 2,
    failed: 1,
    supplements: [{ number: 1, quantity: 1, passed: 1, reason: 'back from the lab', by: 'A. Berg' }],
  });
  const shown = await place.certline('batch', 'show', 'PO-1');
  expect(shown.stdout).toMatch(/PO-1\/supplement-1 +1 +1 .*A\. Berg +back from the lab/);
  const watched = await place.certline('batch', 'watch', 'PO-1');
  expect(watched).toMatchObject({ status: 0, stderr: '' });
});

it('leaves passed and scrapped units alone, unless the latter are asked for', async () => {
  const { place, registry, rig } = await endedBatch();
  const refusedOf = async (...args: string[]) => (await place.certline(...args, ...REASON)).stderr;
  expect(await refusedOf('unit', 'rerun', 'CL-1')).toContain('CL-1 passed: use "certline rework create".');
  expect(await refusedOf('unit', 'rerun', 'CL-3')).toContain(
    'CL-3 was scrapped, which is permanent: add --scrapped',
  );
  expect(await refusedOf('batch', 'rerun', 'PO-1', '--ended', '--code', 'NO_BOARD')).toContain(
    'No unit of batch PO-1 that ended without a pass is chosen',
  );
  expect(await place.certline('batch', 'rerun', 'PO-1', '--ended')).toMatchObject({ status: 2 });
  const both = await place.certline('batch', 'rerun', 'PO-1', '--ended', ...REASON);
  expect(both.stdout).toContain('1 unit runs again');
  expect(both.stdout).toContain('1 scrapped unit stays as they are (--scrapped)');
  await rig.client.workflow.getHandle('batch/PO-1/supplement-1').result();
  expect(await registry.unit('CL-3')).toMatchObject({ outcome: 'FAIL' });
  await place.certline('unit', 'rerun', 'CL-3', '--scrapped', ...REASON);
  await rig.client.workflow.getHandle('batch/PO-1/supplement-2').result();
  expect(await registry.unit('CL-3')).toMatchObject({ outcome: 'PASS', supplement: 2 });
});

it('is steered with the first run of its batch, whichever of them has it so already', async () => {
  const { place, registry, rig } = await startBench(['CL-1', 'CL-2'], ['CL-1', 'CL-2']);
  await until('both wait', async () => (await registry.batchSummary('PO-1')).attention === 2);
  await place.certline('unit', 'skip', 'CL-2');
  await until('it ended', async () => (await registry.batchSummary('PO-1')).held === 1);
  await place.certline('unit', 'rerun', 'CL-2', ...REASON);
  await until('it runs again', async () => (await registry.batchSummary('PO-1')).attention === 2);
  const supplement = 'PO-1/supplement-1';
  expect(await place.certline('batch', 'pause', supplement)).toMatchObject({ status: 0 });
  expect((await place.certline('batch', 'show', 'PO-1')).stdout).toContain('paused: no further unit starts');
  expect(await place.certline('batch', 'resume', 'PO-1')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^Batch PO-1\/supplement-1: resumed: .*\n$/) as string,
  });
  expect((await place.certline('batch', 'show', 'PO-1')).stdout).not.toContain('paused: no further');
  expect(await place.certline('batch', 'resume', 'PO-1')).toMatchObject({
    status: 6,
    stderr: 'certline: the batch is not paused\n',
  });
  const why = ['--short', '--reason', 'why', '--by', 'A. Berg', '--yes'];
  expect(await place.certline('batch', 'close', 'PO-1', ...why)).toMatchObject({ status: 0 });
  for (const id of ['batch/PO-1', `batch/${supplement}`]) await rig.client.workflow.getHandle(id).result();
  expect(await registry.batchSummary('PO-1')).toMatchObject({ held: 2, batch: { state: 'closed' } });
});

it('is recovered with the first run of its batch, if everything was terminated', async () => {
  const { place, registry, rig } = await startBench(['CL-1', 'CL-2'], ['CL-1', 'CL-2']);
  await until('both wait', async () => (await registry.batchSummary('PO-1')).attention === 2);
  await place.certline('unit', 'skip', 'CL-2');
  await until('it ended', async () => (await registry.batchSummary('PO-1')).held === 1);
  await place.certline('unit', 'rerun', 'CL-2', ...REASON);
  await until('it runs again', async () => (await registry.batchSummary('PO-1')).attention === 2);
  const batches = ['batch/PO-1', 'batch/PO-1/supplement-1'];
  for (const id of [...batches, ...batches.map((each) => `${each}/chunk-00001`), 'unit/CL-1', 'unit/CL-2'])
    await rig.client.workflow.getHandle(id).terminate();
  const who = ['--reason', 'a slip', '--by', 'A. Berg', '--yes'];
  const recovered = await place.certline('batch', 'recover', 'PO-1', ...who);
  expect(recovered.stdout).toMatch(
    /^Batch PO-1 is being closed: .*\nBatch PO-1\/supplement-1 is being closed: .*\n$/,
  );
  for (const id of batches) await rig.client.workflow.getHandle(id).result();
  expect(await registry.batchSummary('PO-1')).toMatchObject({ held: 2, batch: { state: 'closed' } });
});

it('is seen, steered and ended by the name of its batch', async () => {
  const { place, registry, rig, bad } = await endedBatch();
  bad.add('CL-2');
  await place.certline('unit', 'rerun', 'CL-2', ...REASON);
  const supplement = rig.client.workflow.getHandle('batch/PO-1/supplement-1');
  await until('it waits', async () => {
    return (await supplement.query<BatchProgress>('progress')).attention.length === 1;
  });
  await until('the record has it', async () => (await registry.batchSummary('PO-1')).attention === 1);
  expect((await place.certline('batch', 'list')).stdout).toMatch(/PO-1 +reopened/);
  expect((await place.certline('unit', 'list', '--waiting')).stdout).toContain('certline unit retry CL-2');
  expect(await place.certline('batch', 'pause', 'PO-1')).toMatchObject({
    stdout: expect.stringContaining('Batch PO-1/supplement-1: paused'),
  });
  expect(await place.certline('batch', 'rerun', 'PO-1')).toMatchObject({ status: 0 });
  await until('it waits again', async () => (await registry.unit('CL-2'))!.attempts.length === 3);
  expect(await place.certline('batch', 'cancel', 'PO-1', '--yes')).toMatchObject({ status: 0 });
  await supplement.result().catch(() => undefined);
  expect(await registry.batchSummary('PO-1')).toMatchObject({
    batch: { state: 'closed' },
    passed: 1,
    held: 1,
    failed: 1,
  });
});
