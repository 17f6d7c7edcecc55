import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkDeviceRegistries } from '../../line/check-device-registries.ts';
import { parseLineConfig } from '../../line/config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Cloud {
  readonly fields: object;
  readonly secret: string;
}

const AWS_SECRET = 'aws_access_key_id = AKIA\naws_secret_access_key = SECRET\n';
const CLOUDS: Readonly<Record<string, Cloud>> = {
  golioth: { fields: { project: 'project-1' }, secret: 'SECRET' },
  'aws-iot': {
    fields: { region: 'eu-central-1', policies: ['p'], groups: ['g'], thingType: 't' },
    secret: AWS_SECRET,
  },
  'azure-dps': {
    fields: {},
    secret: 'HostName=a.example;SharedAccessKeyName=owner;SharedAccessKey=U0VDUkVU',
  },
  'nrf-cloud': { fields: {}, secret: 'SECRET' },
};
const KINDS = Object.keys(CLOUDS);
const PORTAL = '<html><body>Please sign in to the hotel network</body></html>';

/** What is answered to everything; nothing where it is undefined. */
async function startAnswering(status: number, body?: string): Promise<string> {
  const server = createServer((_request, response) => {
    if (body !== undefined) response.writeHead(status, { 'content-type': 'text/html' }).end(body);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function faultsOf(kind: string, url: string, patienceMs?: number): Promise<string[]> {
  const { fields, secret } = CLOUDS[kind]!;
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'secret'), secret, { mode: 0o600 });
  const registry = { kind, name: 'cloud', url, secretFile: 'secret', ...fields };
  const line = { products: [{ name: 'node', organization: 'project-1' }], registries: [registry] };
  const { registries } = parseLineConfig(line, 'line.json', folder);
  const checked = await checkDeviceRegistries(join(folder, 'state'), registries, new Map(), patienceMs);
  const faults = checked.flatMap(({ fault }) => fault ?? []);
  expect(faults.join()).not.toContain('SECRET');
  return faults;
}

describe.each(KINDS)('the check of %s', (kind) => {
  it.each([
    ['a page to sign in', PORTAL],
    ['nothing', ''],
    ['JSON that is not of its kind', '[]'],
  ])('finds that another server answers 200 with %s, whatever it is asked', async (_what, body) => {
    const faults = await faultsOf(kind, await startAnswering(200, body));
    expect(faults).not.toEqual([]);
    for (const fault of faults) expect(fault).toContain('an answer that is not of its kind');
    for (const fault of faults) expect(fault).toContain('correct its address, or the network, the proxy');
  });

  it('repeats no words where a page of another server refuses, and blames no credential file for its host', async () => {
    const faults = await faultsOf(kind, await startAnswering(403, PORTAL));
    expect(faults).not.toEqual([]);
    for (const fault of faults) expect(fault).not.toMatch(/""|connection string/);
  });

  it('says of one that does not answer that it does not, and what to do', async () => {
    const faults = await faultsOf(kind, await startAnswering(200), 300);
    expect(faults).not.toEqual([]);
    for (const fault of faults) expect(fault).toContain('(no answer in 0.3 s)');
    for (const fault of faults) expect(fault).toContain('correct its address, or the network, the proxy');
  });
});

it.each(KINDS.filter((kind) => kind !== 'golioth'))(
  'the check of %s finds an answer of JSON that has nothing in it',
  async (kind) => {
    expect(await faultsOf(kind, await startAnswering(200, '{}'))).not.toEqual([]);
  },
);
