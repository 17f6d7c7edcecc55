import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GoliothApi } from '../../../registry/golioth/golioth-api.ts';
import { uploadCa } from '../../../registry/golioth/issuing-ca.ts';
import { makeCa } from '../../pki/leaf.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { GoliothDouble, ODD } from './golioth-double.ts';
import type { Quirks } from './golioth-double.ts';

const folder = temporaryFolder();
const [ours, root] = (await makeCa(folder)).chain as [Uint8Array, Uint8Array];
const [others] = (await makeCa(folder)).chain as [Uint8Array];
const SIGNAL = new AbortController().signal;

async function start(quirks: Partial<Quirks> = {}): Promise<{ double: GoliothDouble; api: GoliothApi }> {
  const double = await GoliothDouble.start('project-1', quirks);
  const secretFile = join(folder, 'api-key');
  writeFileSync(secretFile, double.apiKey, { mode: 0o600 });
  const api = new GoliothApi({ name: 'golioth', project: 'project-1', secretFile, url: double.server.url });
  return { double, api };
}

describe.each([
  ['plain', {}],
  ['odd', ODD],
] as const)('the CA of devices, at a %s project', (_title, quirks) => {
  it('is uploaded once, as what it is', async () => {
    const { double, api } = await start(quirks);
    expect(await uploadCa(api, ours, SIGNAL)).toEqual({ id: 'certificate-1', outcome: 'uploaded' });
    expect(await uploadCa(api, ours, SIGNAL)).toEqual({ id: 'certificate-1', outcome: 'already there' });
    expect(await uploadCa(api, root, SIGNAL)).toEqual({ id: 'certificate-2', outcome: 'uploaded' });
    expect(double.certificates.map(({ type }) => type)).toEqual(['intermediate', 'root']);
    expect(new X509Certificate(double.certificates[0]!.pem).raw).toEqual(Buffer.from(ours));
  });

  it('is uploaded beside one of the same name', async () => {
    const { double, api } = await start(quirks);
    await uploadCa(api, others, SIGNAL);
    expect(await uploadCa(api, ours, SIGNAL)).toMatchObject({ outcome: 'uploaded' });
    expect(double.certificates).toHaveLength(2);
  });

  it('is found on the second page', async () => {
    const { double, api } = await start(quirks);
    const pem = new X509Certificate(others).toString();
    for (let at = 0; at < 120; at += 1) double.certificates.push({ id: `other-${at}`, pem, type: 'root' });
    await uploadCa(api, ours, SIGNAL);
    expect(await uploadCa(api, ours, SIGNAL)).toMatchObject({ outcome: 'already there' });
  });
});
