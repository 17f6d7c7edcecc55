import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AwsIotRegistry } from '../../registry/aws-iot/aws-iot-registry.ts';
import { AzureDpsRegistry } from '../../registry/azure-dps/azure-dps-registry.ts';
import type { DeviceRegistry } from '../../registry/device-registry.ts';
import { GoliothRegistry } from '../../registry/golioth/golioth-registry.ts';
import { NrfCloudRegistry } from '../../registry/nrf-cloud/nrf-cloud-registry.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { outcomeOf, plainDevice } from './conformance/device-registry-conformance.ts';

/** Nobody is there: nothing may be sent. */
const url = 'http://127.0.0.1:1';
const CONNECTION = 'HostName=a.example;SharedAccessKeyName=owner;SharedAccessKey=';

const REGISTRIES: Readonly<Record<string, (secretFile: string) => DeviceRegistry>> = {
  golioth: (secretFile) => new GoliothRegistry({ name: 'cloud', project: 'project-1', secretFile, url }),
  'nrf-cloud': (secretFile) => new NrfCloudRegistry({ name: 'cloud', secretFile, url }),
  'azure-dps': (secretFile) => new AzureDpsRegistry({ name: 'cloud', secretFile, url }),
  'aws-iot': (secretFile) =>
    new AwsIotRegistry({ name: 'cloud', region: 'eu-central-1', policies: ['p'], secretFile, url }),
};

describe('a credential file', () => {
  it.each([
    ['golioth', 'has a remark', 'KEY123\n# of 2026\n'],
    ['golioth', 'has two keys', 'KEY123 KEY124'],
    ['golioth', 'has letters that no key has', 'KEY123–4'],
    ['golioth', 'is in quotation marks', '"KEY123"'],
    ['nrf-cloud', 'is in quotation marks', "'KEY123'\n"],
    ['azure-dps', 'is in quotation marks', `"${CONNECTION}KEY123="`],
    ['aws-iot', 'is in quotation marks', 'aws_access_key_id = "AKIA"\naws_secret_access_key = "KEY123"'],
    [
      'aws-iot',
      'has two profiles',
      '[a]\naws_access_key_id = AKIA\naws_secret_access_key = KEY\n[b]\naws_access_key_id = AKIB\naws_secret_access_key = KEY\n',
    ],
    ['nrf-cloud', 'has a remark', 'KEY123\n# of 2026\n'],
    ['azure-dps', 'has a remark', `${CONNECTION}KEY123=\n# of 2026\n`],
    ['aws-iot', 'has letters that no key has', 'aws_access_key_id = AKIA\naws_secret_access_key = KEY123–4'],
    [
      'aws-iot',
      'has a token with letters that no token has',
      'aws_access_key_id = AKIA\naws_secret_access_key = KEY\naws_session_token = KEY123–4',
    ],
  ])('of the kind %s that %s is named, and not repeated', async (kind, _what, text) => {
    const path = join(temporaryFolder(), 'secret');
    writeFileSync(path, text, { mode: 0o600 });
    const registry = REGISTRIES[kind]!(path);
    const outcome = await outcomeOf(registry, 'put', plainDevice('CL-1'));
    expect(outcome).toMatchObject({ reason: 'credentials', message: expect.stringContaining(path) });
    expect(String(outcome)).not.toContain('KEY');
    await registry.close();
  });

  it.each([
    ['golioth', 'KEY123\r\n'],
    ['golioth', '\uFEFFKEY123\n\n'],
    ['nrf-cloud', ' KEY123 \n'],
    ['azure-dps', `${CONNECTION}KEY123=\r\n`],
    ['aws-iot', '[default]\r\naws_access_key_id = AKIA\r\naws_secret_access_key = KEY\r\n'],
  ])('of the kind %s is read as editors write it', async (kind, text) => {
    const path = join(temporaryFolder(), 'secret');
    writeFileSync(path, text, { mode: 0o600 });
    const registry = REGISTRIES[kind]!(path);
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({ reason: 'unavailable' });
    await registry.close();
  });

  describe.each(Object.keys(REGISTRIES))('of the kind %s', (kind) => {
    it.each([
      ['is not there', () => undefined, 'there is no such file. Write the credential into it'],
      [
        'is below a file',
        (path: string) => writeFileSync(path.replace('/secret', ''), ''),
        'there is no such file',
      ],
      ['is empty', (path: string) => writeFileSync(path, '\uFEFF\r\n', { mode: 0o600 }), 'it is empty'],
      ['is a folder', (path: string) => mkdirSync(path), 'it is not a file'],
      ['is a pipe', (path: string) => spawnSync('mkfifo', ['-m', '600', path]), 'it is not a file'],
      ['is a link to itself', (path: string) => symlinkSync(path, path), 'lead back to themselves'],
      [
        'is long',
        (path: string) => writeFileSync(path, 'KEY'.repeat(40_000), { mode: 0o600 }),
        'it is another file',
      ],
      ['others can read', (path: string) => writeFileSync(path, 'KEY', { mode: 0o644 }), 'chmod 600'],
    ])('that %s is named with what to do', async (what, make, says) => {
      const folder = temporaryFolder();
      const path = join(folder, 'place', 'secret');
      if (what !== 'is below a file') mkdirSync(join(folder, 'place'));
      make(path);
      const registry = REGISTRIES[kind]!(path);
      const outcome = await outcomeOf(registry, 'put', plainDevice('CL-1'));
      expect(outcome).toMatchObject({ reason: 'credentials', message: expect.stringContaining(says) });
      expect((outcome as Error).message).toContain(path);
      expect((outcome as Error).message).not.toMatch(/E[A-Z]{4,}|KEY/);
      await registry.close();
    });
  });
});
