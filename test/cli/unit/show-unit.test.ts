import { expect, it } from 'vitest';
import { registryPath } from '../../../line/state-folder.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import { imported, registration } from '../../registry/record/opened.ts';
import { json, newPlace } from '../../support/certline.ts';

it('a unit is found by its serial, its board and its certificate, in any case', async () => {
  const place = newPlace();
  const registry = openRegistryFile(registryPath(place.state));
  await imported(registry, '1', ['CL-1', 'CL-2']);
  const { boardId, certificateSerial } = registration('CL-1');
  await registry.registerUnit(registration('CL-1'));
  await registry.close();
  const colons = certificateSerial.toUpperCase().replaceAll(/..(?=.)/g, '$&:');
  for (const which of ['cl-1', boardId, boardId.toUpperCase(), certificateSerial, colons])
    expect(json(await place.certline('unit', 'show', which, '--json'))).toMatchObject({ serial: 'CL-1' });
  const { status, stderr } = await place.certline('unit', 'show', 'c0ffee');
  expect(status).toBe(5);
  expect(stderr).toContain('No batch has a unit c0ffee');
});

it('a board that two units had is answered with both', async () => {
  const place = newPlace();
  const registry = openRegistryFile(registryPath(place.state));
  await imported(registry, '1', ['CL-1', 'CL-2']);
  const tried = { batchId: 'PO-1', attempt: 1, step: 'flashCredentials', code: 'SMP_TIMEOUT' } as const;
  for (const serial of ['CL-1', 'CL-2'])
    await registry.recordAttention({ ...tried, serial, stationId: 's', socket: '1', boardId: 'c0ffee01' });
  await registry.close();
  const { status, stderr } = await place.certline('unit', 'show', 'c0ffee01');
  expect(status).toBe(5);
  expect(stderr).toContain('Several units had the board c0ffee01: name one of CL-1, CL-2.');
});
