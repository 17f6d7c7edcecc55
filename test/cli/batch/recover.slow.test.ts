import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BatchProgress } from '../../../provisioning/batch.ts';
import { until } from '../../support/until.ts';
import { json } from '../../support/certline.ts';
import { certificateFor, startBench } from './bench.ts';
import type { Bench } from './bench.ts';

it('activates what the registry knows as passed, and writes the result again, when its batch is closed', async () => {
  const bench = await startBench(['CL-1', 'CL-2'], ['CL-2']);
  const { place, registry, rig, unfinished } = bench;
  const unit = rig.client.workflow.getHandle('unit/CL-2');
  await until('one waits', async () => (await registry.batchSummary('PO-1')).attention === 1);
  const running = await place.certline(
    'batch',
    'recover',
    'PO-1',
    '--reason',
    'a try',
    '--by',
    'A. Berg',
    '--yes',
  );
  expect(running).toMatchObject({ status: 6, stdout: '' });
  await unit.executeUpdate('skip');
  await rig.client.workflow.getHandle('batch/PO-1').result();
  const { spkiSha256 } = (await registry.unit('CL-1'))!.certificates[0]!;
  unfinished.push({ requestId: 'the request of CL-1', serial: 'CL-1', attempt: 1, spkiSha256 });
  const result = join(place.inbox, 'lot.result.csv');
  rmSync(result);
  const recovered = await place.certline(
    'batch',
    'recover',
    'PO-1',
    '--reason',
    'chunk terminated',
    '--by',
    'A. Berg',
    '--yes',
  );
  expect(recovered).toMatchObject({
    status: 0,
    stdout: 'Batch PO-1 is being closed: certline batch watch PO-1\n',
    stderr: '',
  });
  await until('the result is there', () => existsSync(result));
  const watched = await place.certline('batch', 'watch', 'PO-1');
  expect(watched).toMatchObject({ status: 1, stderr: expect.stringContaining('1 of 2 units did not pass') });
  const activated = rig.calls.filter(({ name }) => name === 'activateCertificates').at(-1)!;
  const pass = expect.objectContaining({ stationId: 'st-1', attempt: 1 }) as object;
  expect(activated.input).toEqual({ passes: [{ requestId: 'the request of CL-1', pass }] });
});

describe('a batch that was terminated in Temporal', () => {
  /** A batch of which CL-1 and CL-3 passed and CL-2 waits, terminated. */
  async function terminated(): Promise<Bench> {
    const bench = await startBench(['CL-1', 'CL-2', 'CL-3'], ['CL-2']);
    const summary = () => bench.registry.batchSummary('PO-1');
    await until('two passed', async () => (await summary()).passed === 2);
    await until('one waits', async () => (await summary()).attention === 1);
    await bench.rig.client.workflow.getHandle('batch/PO-1').terminate();
    return bench;
  }

  const ENDED = /Batch PO-1 was terminated in Temporal at \S+; recover with: certline batch recover PO-1/;

  it('says so everywhere, and is continued while its units are under way', async () => {
    const { place, rig, registry } = await terminated();
    const said = await Promise.all([
      place.certline('batch', 'list'),
      place.certline('batch', 'show', 'PO-1'),
      place.certline('batch', 'watch', 'PO-1'),
      place.certline('batch', 'rerun', 'PO-1'),
      place.certline('batch', 'cancel', 'PO-1', '--yes'),
    ]);
    for (const { stdout, stderr } of said) expect(stdout + stderr).toMatch(ENDED);
    expect(said[1].stdout).not.toContain('certline batch rerun');
    const line = await place.certline('line', 'status');
    expect(line.stdout).toMatch(/^! batch PO-1: Batch PO-1 was terminated in Temporal/m);
    expect(said.map(({ status }) => status)).toEqual([0, 0, 1, 6, 6]);
    const recovered = await place.certline(
      'batch',
      'recover',
      'PO-1',
      '--reason',
      'a slip',
      '--by',
      'A. Berg',
      '--yes',
    );
    expect(recovered).toMatchObject({
      status: 0,
      stdout: 'Batch PO-1 continues: certline batch watch PO-1\n',
      stderr: '',
    });
    await until('it waits again', async () => {
      const handle = rig.client.workflow.getHandle('batch/PO-1');
      return (await handle.query<BatchProgress>('progress')).attention.length === 1;
    });
    expect(await place.certline('unit', 'skip', 'CL-2')).toMatchObject({ status: 0 });
    const result = await rig.client.workflow.getHandle('batch/PO-1').result();
    expect(result).toMatchObject({ passed: 2, held: 1, errors: 0 });
    expect(await registry.batchSummary('PO-1')).toMatchObject({ batch: { state: 'closed' }, passed: 2 });
    expect(existsSync(join(place.inbox, 'lot.result.csv'))).toBe(true);
  });

  it('is closed where nothing of it is under way: a unit with a certificate was terminated, others are on hold', async () => {
    const { place, rig, registry, unfinished } = await terminated();
    const { workflow } = rig.client;
    await workflow.getHandle('unit/CL-2').terminate();
    await workflow.getHandle('batch/PO-1/chunk-00001').terminate();
    unfinished.push({ requestId: 'its request', serial: 'CL-2', attempt: 1, spkiSha256: 'k' });
    const shown = (await place.certline('unit', 'show', 'CL-2')).stdout;
    expect(shown).toMatch(/^Now .* was terminated in Temporal at \S+\. .*: certline batch recover PO-1 /m);
    expect(shown).toMatch(/^Outcome +open: BOARD_GONE/m);
    expect(shown).not.toContain('certline unit retry');
    await until('no unit waits', async () => {
      const { stdout } = await place.certline('unit', 'list', '--waiting');
      return stdout.startsWith('No unit waits for a decision.');
    });
    const recovered = await place.certline(
      'batch',
      'recover',
      'PO-1',
      '--reason',
      'a slip',
      '--by',
      'A. Berg',
      '--yes',
    );
    expect(recovered).toMatchObject({
      status: 0,
      stdout: 'Batch PO-1 is being closed: certline batch watch PO-1\n',
      stderr: '',
    });
    const result = await workflow.getHandle('batch/PO-1').result();
    expect(result).toMatchObject({ passed: 2, errors: 1, held: 0 });
    expect(await registry.unit('CL-2')).toMatchObject({ outcome: 'ERROR', code: 'UNIT_TERMINATED' });
    expect((await place.certline('unit', 'show', 'CL-2')).stdout).toMatch(
      /^To do .* do not ship its board\. To run it again: certline unit rerun CL-2 --reason "why"$/m,
    );
    const withdrawn = rig.calls.filter(({ name }) => name === 'revokeCertificate').at(-1)!;
    expect(withdrawn.input).toMatchObject({ unit: { serial: 'CL-2' } });
    expect(existsSync(join(place.inbox, 'lot.result.csv'))).toBe(true);
    expect(json(await place.certline('batch', 'show', 'PO-1', '--json'))).toMatchObject({ state: 'closed' });
  });
});

/** A batch of six units, of which four wait at the signer until the gate opens. */
async function withFourUnderWay(): Promise<Bench & { readonly gate: PromiseWithResolvers<void> }> {
  const gate = Promise.withResolvers<void>();
  const serials = ['CL-1', 'CL-2', 'CL-3', 'CL-4', 'CL-5', 'CL-6'];
  const bench = await startBench(serials, [], {
    signCertificate: async (input) => {
      await gate.promise;
      return await certificateFor(input);
    },
  });
  await until('four are under way', () => bench.rig.called('signCertificate') === 4);
  return { ...bench, gate };
}

it('a batch that was paused and terminated starts its other units once it is recovered', async () => {
  const { place, rig, registry, gate } = await withFourUnderWay();
  for (const words of [['pause'], ['resume'], ['pause']])
    expect(await place.certline('batch', ...words, 'PO-1')).toMatchObject({ status: 0 });
  gate.resolve();
  await until('they passed', async () => (await registry.batchSummary('PO-1')).passed === 4);
  expect(rig.called('signCertificate')).toBe(4);
  await rig.client.workflow.getHandle('batch/PO-1').terminate();
  const who = ['--reason', 'a slip', '--by', 'A. Berg'];
  expect(await place.certline('batch', 'recover', 'PO-1', ...who, '--yes')).toMatchObject({
    stdout: 'Batch PO-1 continues: certline batch watch PO-1\n',
  });
  await until('it is recorded', async () => (await registry.batchDecisions('PO-1')).length === 4);
  expect((await place.certline('batch', 'show', 'PO-1')).stdout).not.toContain('paused: no further');
  expect(await rig.client.workflow.getHandle('batch/PO-1').result()).toMatchObject({ passed: 6 });
});

it('a batch that was closed short and terminated goes on being closed once it is recovered', async () => {
  const { place, rig, registry, gate } = await withFourUnderWay();
  const who = ['--reason', 'enough', '--by', 'A. Berg', '--yes'];
  expect(await place.certline('batch', 'close', 'PO-1', '--short', ...who)).toMatchObject({ status: 0 });
  await until('it is recorded', async () => (await registry.batchDecisions('PO-1')).length === 1);
  await rig.client.workflow.getHandle('batch/PO-1').terminate();
  expect(await place.certline('batch', 'recover', 'PO-1', ...who)).toMatchObject({
    stdout: 'Batch PO-1 continues to end: certline batch watch PO-1\n',
  });
  gate.resolve();
  expect(await rig.client.workflow.getHandle('batch/PO-1').result()).toMatchObject({ passed: 4, held: 2 });
  expect(rig.called('signCertificate')).toBe(4);
  expect(await registry.unit('CL-6')).toMatchObject({ outcome: 'HOLD', code: 'CLOSED_SHORT' });
});

it('a batch that was deleted in Temporal says so everywhere, and is closed', async () => {
  const { place, rig, registry } = await startBench(['CL-1', 'CL-2'], ['CL-2']);
  await until('one waits', async () => (await registry.batchSummary('PO-1')).attention === 1);
  const { workflowService } = rig.client;
  for (const workflowId of ['batch/PO-1', 'batch/PO-1/chunk-00001', 'unit/CL-2'])
    await workflowService.deleteWorkflowExecution({
      namespace: rig.namespace,
      workflowExecution: { workflowId },
    });
  const gone = /Temporal does not have batch PO-1 \(any more\); recover with: certline batch recover PO-1/;
  await until('it is gone', async () => gone.test((await place.certline('batch', 'list')).stdout));
  const shown = await place.certline('batch', 'show', 'PO-1');
  expect(shown.stdout).toMatch(gone);
  for (const [status, ...words] of [
    [5, 'watch', 'PO-1'],
    [5, 'rerun', 'PO-1'],
    [5, 'cancel', 'PO-1', '--yes'],
  ] as const)
    expect(await place.certline('batch', ...words)).toMatchObject({
      status,
      stderr: expect.stringMatching(/Temporal has no batch PO-1 .* certline batch recover PO-1/) as string,
    });
  const who = ['--reason', 'a slip', '--by', 'A. Berg'];
  expect(await place.certline('batch', 'recover', 'PO-1', ...who, '--yes')).toMatchObject({ status: 0 });
  await rig.client.workflow.getHandle('batch/PO-1').result();
  expect(json(await place.certline('batch', 'show', 'PO-1', '--json'))).toMatchObject({ state: 'closed' });
});
