import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openIntakeKey } from '../../../line/trusted-keys.ts';
import { until } from '../../support/until.ts';
import { startBench } from '../batch/bench.ts';

const SAID = ['--reason', 'a slip', '--by', 'A. Berg'];

it('closes a rework that was terminated with its unit, and writes the result of the batch again', async () => {
  const { place, registry, rig } = await startBench(['CL-1'], []);
  const { workflow } = rig.client;
  await workflow.getHandle('batch/PO-1').result();
  openIntakeKey(place.state);
  const list = join(place.state, 'serials.txt');
  writeFileSync(list, 'CL-1\n');
  const create = ['rework', 'create', '--serials', list, '--kind', 'rekey', ...SAID];
  const created = await place.certline(...create);
  expect(created).toMatchObject({ status: 0, stderr: '' });
  const id = /RW-\d{8}-[0-9a-f]{6}/.exec(created.stdout)![0];
  const recover = ['rework', 'recover', id, ...SAID, '--yes'];
  expect(await place.certline(...recover)).toMatchObject({
    status: 6,
    stderr: expect.stringContaining('there is nothing to recover'),
  });
  // No station has the board: the unit waits for it.
  await until('the unit has begun', () => rig.called('permitAttempt') === 1);
  await workflow.getHandle('unit/CL-1').terminate();
  await workflow.getHandle(`rework/${id}`).terminate();
  expect((await place.certline('rework', 'show', id)).stdout).toMatch(
    new RegExp(`It was terminated in Temporal at \\S+; recover with: certline rework recover ${id}`),
  );
  const refused = await place.certline(...create);
  expect(refused.stderr).toContain(
    `is in the rework ${id}, which has not ended: see "certline rework show ${id}"`,
  );
  expect(await place.certline(...recover)).toMatchObject({ status: 0, stderr: '' });
  expect(await workflow.getHandle(`rework/${id}`).result()).toMatchObject({ phase: 'closed', ended: 1 });
  expect(await registry.unit('CL-1')).toMatchObject({
    outcome: 'ERROR',
    code: 'UNIT_TERMINATED',
    certificates: [{ state: 'revoked' }],
    decisions: [{ verdict: 'recover', reason: 'a slip', by: 'A. Berg' }],
  });
  const result = join(place.inbox, 'lot.result.csv');
  expect(existsSync(result)).toBe(true);
  expect(readFileSync(result, 'utf8')).toMatch(/"CL-1","golioth-node","ERROR","UNIT_TERMINATED"/);
});
