import { expect, it } from 'vitest';
import { parseLineConfig } from '../../line/config.ts';
import { openDeviceRegistry } from '../../line/device-registries.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const AWS = { kind: 'aws-iot', region: 'eu-central-1', policies: ['factory'] };

/** Registries keep what is here: a change would pause each line that has such a device registry. */
it.each([
  [{ kind: 'golioth', project: 'project-1', url: 'https://golioth.example' }, 'golioth project-1'],
  [AWS, 'aws-iot eu-central-1'],
  [{ ...AWS, url: 'https://VPCE-1.example/' }, 'aws-iot eu-central-1 vpce-1.example'],
  [{ kind: 'azure-dps', url: 'https://Line.azure.example' }, 'azure-dps line.azure.example'],
  [{ kind: 'nrf-cloud' }, undefined],
  [{ kind: 'webhook', url: 'https://erp.example/events' }, undefined],
])('the account of %j is %s', async (fields, account) => {
  const folder = temporaryFolder();
  const line = {
    products: [{ name: 'node', organization: 'project-1' }],
    registries: [{ name: 'cloud', secretFile: 'secret', ...fields }],
  };
  const { registries } = parseLineConfig(line, 'line.json', folder);
  const registry = await openDeviceRegistry(folder, registries[0]!);
  expect(registry.account).toBe(account);
  await registry.close();
});
