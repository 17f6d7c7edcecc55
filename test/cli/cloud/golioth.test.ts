import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GoliothDouble } from '../../registry/golioth/golioth-double.ts';
import { newPlace } from '../../support/certline.ts';
import type { Place } from '../../support/certline.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { blocksOf, codeBlocks, pageOf } from '../follow-docs.ts';

const PROJECT = 'my-project';

async function start(project = PROJECT): Promise<{ double: GoliothDouble; place: Place }> {
  const double = await GoliothDouble.start(PROJECT);
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'golioth.key'), `${double.apiKey}\n`, { mode: 0o600 });
  const golioth = {
    kind: 'golioth',
    name: 'golioth',
    project,
    secretFile: 'golioth.key',
    url: double.server.url,
  };
  const products = [{ name: 'node', organization: project, cloud: 'golioth', registries: ['golioth'] }];
  writeFileSync(join(folder, 'certline.json'), JSON.stringify({ products, registries: [golioth] }));
  const place = newPlace({
    CERTLINE_STATE: join(folder, 'state'),
    CERTLINE_CONFIG: join(folder, 'certline.json'),
  });
  expect(await place.certline('ca', 'init', '--development')).toMatchObject({ status: 0 });
  return { double, place };
}

it('prepares a project from nothing by the commands of docs/golioth.md', { timeout: 120_000 }, async () => {
  const page = pageOf('golioth.md');
  const [text = ''] = codeBlocks(page, 'json');
  const config = JSON.parse(text) as { registries: { project: string }[] };
  const [{ project }] = config.registries as [{ project: string }];
  const double = await GoliothDouble.start(project);
  const folder = temporaryFolder();
  const registries = [{ ...config.registries[0], url: double.server.url }];
  writeFileSync(join(folder, 'certline.json'), JSON.stringify({ ...config, registries }));
  const [key = ''] = codeBlocks(page, 'bash');
  expect(spawnSync('sh', ['-c', key], { cwd: folder, input: double.apiKey }).status).toBe(0);
  const place = newPlace({
    CERTLINE_STATE: join(folder, 'state'),
    CERTLINE_CONFIG: join(folder, 'certline.json'),
  });
  const commands = blocksOf('golioth.md', '3. The CA', 'sh').trim().split('\n');
  expect(commands).toHaveLength(3);
  for (const command of commands) {
    const [, ...words] = command.replace('/media/root-stick', folder).split(' ');
    expect(await place.certline(...words)).toMatchObject({ status: 0, stderr: '' });
  }
  expect(double.certificates).toMatchObject([{ type: 'intermediate' }]);
});

describe('certline cloud golioth ca upload', { timeout: 120_000 }, () => {
  it('uploads the CA once, and says the second time that it is there', async () => {
    const { double, place } = await start();
    const upload = async (): Promise<string> => {
      const { status, stdout, stderr } = await place.certline('cloud', 'golioth', 'ca', 'upload');
      expect([status, stderr]).toEqual([0, '']);
      return stdout;
    };
    expect(await upload()).toContain('uploaded, as certificate certificate-1');
    expect(await upload()).toContain('already there, as certificate certificate-1');
    const { stdout } = await place.certline('ca', 'export', 'ica');
    expect(double.certificates).toEqual([{ id: 'certificate-1', pem: stdout, type: 'intermediate' }]);
  });

  it('says what is wrong with the key and the project, without the key', async () => {
    const { double, place } = await start('another-project');
    const upload = (): ReturnType<Place['certline']> => place.certline('cloud', 'golioth', 'ca', 'upload');
    expect(await upload()).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('correct the project, the key or the address'),
    });
    const { apiKey } = double;
    double.apiKey = 'a new one';
    const { status, stderr } = await upload();
    expect([status, stderr.includes('make a new one'), stderr.includes(apiKey)]).toEqual([4, true, false]);
  });
});
