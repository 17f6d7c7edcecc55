import { expect, it } from 'vitest';
import { checkSignerLogs } from '../../../cli/doctor/check-stores.ts';
import { registryPath } from '../../../line/state-folder.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import { imported, registration, serialsFrom } from '../../registry/record/opened.ts';
import { newPlace } from '../../support/certline.ts';

const log = 'certline-audit-0123456789abcdef';
const SAID = ['--reason', 'the disk was lost', '--by', 'A. Smith'];

it('an old copy of the ledger is found by the doctor, and accepted by a person with a name', async () => {
  const place = newPlace();
  expect(await place.certline('registry', 'accept-loss', log, ...SAID)).toMatchObject({ status: 5 });
  const registry = openRegistryFile(registryPath(place.state));
  await imported(registry, '1', serialsFrom(1, 2));
  const at = (size: number, time: string) => ({ log, size, hash: 'ab', at: `2026-01-${time}T00:00:00.000Z` });
  await registry.registerUnit({ ...registration('CL-000001'), signerLog: at(90, '01') });
  expect(await checkSignerLogs({ stateFolder: place.state, config: {} })).toEqual([]);
  const older = registry.registerUnit({ ...registration('CL-000002'), signerLog: at(40, '02') });
  await expect(older).rejects.toMatchObject({ code: 'LEDGER_STALE', reason: 'forked' });
  await registry.close();
  expect(await checkSignerLogs({ stateFolder: place.state, config: {} })).toMatchObject([
    { verdict: 'fail', reason: 'auditBroken', says: expect.stringContaining(`accept-loss ${log}`) },
  ]);
  const nobody = await place.certline('registry', 'accept-loss', log, '--reason', 'lost');
  expect(nobody).toMatchObject({ status: 2 });
  expect(await place.certline('registry', 'accept-loss', log, ...SAID)).toMatchObject({
    status: 0,
    stderr: '',
  });
  expect(await checkSignerLogs({ stateFolder: place.state, config: {} })).toEqual([]);
});
