import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { startBench } from './bench.ts';

it('activates what the registry knows as passed, and writes the result again, when its batch is closed', async () => {
  const bench = await startBench(['CL-1', 'CL-2'], ['CL-2']);
  const { place, registry, rig, unfinished } = bench;
  const unit = rig.client.workflow.getHandle('unit/CL-2');
  await until('one waits', async () => (await registry.batchSummary('PO-1')).attention === 1);
  const running = await place.certline('batch', 'recover', 'PO-1', '--reason', 'a try', '--yes');
  expect(running).toMatchObject({ status: 6, stdout: '' });
  await unit.executeUpdate('skip');
  await rig.client.workflow.getHandle('batch/PO-1').result();
  const { spkiSha256 } = (await registry.unit('CL-1'))!.certificates[0]!;
  unfinished.push({ requestId: 'the request of CL-1', serial: 'CL-1', attempt: 1, spkiSha256 });
  const result = join(place.inbox, 'lot.result.csv');
  rmSync(result);
  const recovered = await place.certline('batch', 'recover', 'PO-1', '--reason', 'chunk terminated', '--yes');
  expect(recovered).toMatchObject({
    status: 0,
    stdout: 'Batch PO-1 is being recovered: certline batch watch PO-1\n',
    stderr: '',
  });
  await until('the result is there', () => existsSync(result));
  const watched = await place.certline('batch', 'watch', 'PO-1');
  expect(watched).toMatchObject({ status: 1, stderr: expect.stringContaining('1 of 2 units did not pass') });
  const activated = rig.calls.filter(({ name }) => name === 'activateCertificates').at(-1)!;
  expect(activated.input).toEqual({ requestIds: ['the request of CL-1'] });
});
