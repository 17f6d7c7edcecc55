import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BatchProgress } from '../../../provisioning/batch.ts';
import { until } from '../../support/until.ts';
import { json } from '../../support/certline.ts';
import { startBench } from './bench.ts';
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
    const withdrawn = rig.calls.filter(({ name }) => name === 'revokeCertificate').at(-1)!;
    expect(withdrawn.input).toMatchObject({ unit: { serial: 'CL-2' } });
    expect(existsSync(join(place.inbox, 'lot.result.csv'))).toBe(true);
    expect(json(await place.certline('batch', 'show', 'PO-1', '--json'))).toMatchObject({ state: 'closed' });
  });
});
