import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { registryPath } from '../../../line/state-folder.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import { imported, registration, serialsFrom } from '../../registry/record/opened.ts';
import { PRODUCT, json, newPlace } from '../../support/certline.ts';
import type { Place } from '../../support/certline.ts';

const MESSAGE = 'The registry erp answered 422 when asked to take an event.';

/** Three units passed: of CL-000001 nothing is to do, CL-000002 is parked, CL-000003 waits. */
async function placeWithParked(): Promise<Place> {
  const place = newPlace();
  const registry = openRegistryFile(registryPath(place.state));
  const serials = serialsFrom(1, 3);
  await imported(registry, '1', serials);
  for (const serial of serials) await registry.registerUnit({ ...registration(serial), registries: ['erp'] });
  const [first, second] = await registry.outbox.due('erp', Date.now(), 10);
  const result = { at: Date.now(), pace: { firstPauseMs: 1_000, longestPauseMs: 1_000 } };
  const fault = { reason: 'refused', message: MESSAGE, isUnknown: false, isOwn: false } as const;
  const results = [
    { ...result, entryId: first!.entryId, version: first!.version },
    { ...result, entryId: second!.entryId, version: second!.version, fault },
  ];
  await registry.outbox.settle('erp', results, { failures: 0, pausedUntil: 0 });
  await registry.close();
  return place;
}

it('shows what is parked and why, tries it again, and gives it up with a reason', async () => {
  const place = await placeWithParked();
  const shown = await place.certline('registry', 'status');
  expect(shown.status).toBe(0);
  expect(shown.stdout).toMatch(/erp +1 +1 +1 +0/);
  expect(shown.stdout).toContain('CL-000002');
  expect(shown.stdout).toContain(MESSAGE);
  expect(json(await place.certline('registry', 'status', '--json'))).toMatchObject({
    registries: [{ registry: 'erp', done: 1, waiting: 1, parked: 1 }],
    parked: [{ serial: 'CL-000002', reason: 'refused', act: 'put' }],
  });
  const given = await place.certline('registry', 'abandon', 'CL-000002', '--reason', 'scrap');
  expect(given.stdout).toContain('1 entry given up (CL-000002)');
  const nothing = await place.certline('registry', 'abandon', 'CL-000002', '--reason', 'scrap');
  expect(nothing.status).not.toBe(0);
  expect(nothing.stderr).toContain('Nothing is open (CL-000002)');
  const again = await place.certline('registry', 'retry');
  expect(again.stdout).toContain('0 entries are tried again at once');
});

it.each([
  [['retry', '--serial', 'ZZZ'], 'No batch has a unit "ZZZ"'],
  [['retry', '--serial', ''], 'No batch has a unit ""'],
  [['retry', '--registry', 'epr'], 'No device registry is called "epr" (there: erp). Did you mean erp?'],
  [['retry', '--registry', ''], 'No device registry is called ""'],
  [['abandon', 'ZZZ', '--reason', 'x'], 'No batch has a unit "ZZZ"'],
  [['abandon', 'CL-000002', '--registry', 'epr', '--reason', 'x'], 'No device registry is called "epr"'],
  [['abandon', '--registry', 'epr', '--reason', 'x', '--yes'], 'No device registry is called "epr"'],
])('says of %j that there is none, and changes nothing', async (args, says) => {
  const place = await placeWithParked();
  const { status, stdout, stderr } = await place.certline('registry', ...args);
  expect([status, stdout, stderr]).toEqual([5, '', expect.stringContaining(says)]);
  expect(json(await place.certline('registry', 'status', '--json'))).toMatchObject({
    registries: [{ registry: 'erp', done: 1, waiting: 1, parked: 1 }],
  });
});

it('says that a registry is not in the configuration any more, and gives up what nobody would ever send', async () => {
  const place = await placeWithParked();
  const way = 'certline registry abandon --registry erp --reason';
  const shown = (await place.certline('registry', 'status')).stdout;
  expect(shown).toContain('is not in the configuration: nothing is sent, and lots wait for it');
  expect(shown).toContain(way);
  expect(json(await place.certline('registry', 'status', '--json'))).toMatchObject({
    registries: [{ registry: 'erp', isConfigured: false }],
  });
  const findings = async (): Promise<{ check: string; verdict: string; says: string }[]> => {
    const doctor = json(await place.certline('doctor', '--json')) as { findings: never[] };
    return (doctor.findings as { check: string; verdict: string; says: string }[]).filter(
      ({ check }) => check === 'registry erp',
    );
  };
  expect(await findings()).toEqual([
    { check: 'registry erp', verdict: 'fail', reason: 'configuration', says: expect.stringContaining(way) },
  ]);

  const why = ['--reason', 'the ERP is gone'];
  const unnamed = await place.certline('registry', 'abandon', ...why);
  expect([unnamed.status, unnamed.stderr]).toEqual([2, expect.stringContaining('Name a unit')]);
  // Nobody is there to be asked.
  const unasked = await place.certline('registry', 'abandon', '--registry', 'erp', ...why);
  expect([unasked.status, unasked.stderr]).toEqual([2, expect.stringContaining('add --yes')]);
  const given = await place.certline('registry', 'abandon', '--registry', 'erp', '--yes', '--json', ...why);
  expect(json(given)).toEqual({ registry: 'erp', entries: 2 });
  expect(await findings()).toEqual([]);
  expect((await place.certline('registry', 'status')).stdout).toMatch(/erp +1 +0 +0 +2 +is not in the/);

  place.configure({
    products: [{ ...PRODUCT, registries: ['erp'] }],
    registries: [{ kind: 'file', name: 'erp', folder: 'devices' }],
  });
  expect((await place.certline('registry', 'status')).stdout).toContain('has everything that can be sent');
});

it('tries device registries without changing anything, and doctor does so too', async () => {
  const asked: (string | undefined)[] = [];
  const receiver = createServer((request, response) => {
    asked.push(request.method);
    response.writeHead(405).end();
  });
  await new Promise<void>((resolve) => void receiver.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void receiver.close());
  const place = newPlace();
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const secretFile = join(place.folder, 'secret');
  const registries = [
    { kind: 'webhook', name: 'erp', url, secretFile },
    { kind: 'file', name: 'site', folder: 'devices' },
  ];
  place.configure({ products: [{ ...PRODUCT, registries: ['erp', 'site'] }], registries });
  const missing = await place.certline('cloud', 'check');
  expect(missing.status).toBe(4);
  expect(missing.stdout).toContain(`cannot be read from ${secretFile}: there is no such file.`);
  const doctor = json(await place.certline('doctor', '--json')) as {
    findings: { check: string; verdict: string }[];
  };
  const found = doctor.findings.filter(({ check }) => check.startsWith('registry '));
  expect(found).toMatchObject([
    { check: 'registry erp', verdict: 'fail' },
    { check: 'registry site', verdict: 'ok' },
  ]);
  writeFileSync(secretFile, `whsec_${Buffer.alloc(24, 7).toString('base64')}`, { mode: 0o600 });
  const well = await place.certline('cloud', 'check', '--json');
  expect([well.status, json(well)]).toMatchObject([
    0,
    [{ registry: 'erp' }, { registry: 'erp' }, { registry: 'site' }],
  ]);
  expect(new Set(asked)).toEqual(new Set(['HEAD']));
});

it('cloud check and doctor say which account has the devices, where the configuration names another one', async () => {
  const place = await placeWithParked();
  const registry = openRegistryFile(registryPath(place.state));
  await registry.outbox.keepAccount('erp', 'golioth before');
  await registry.close();
  const secretFile = join(place.folder, 'secret');
  const configure = (project: string): void =>
    place.configure({
      products: [{ ...PRODUCT, organization: project, registries: ['erp'] }],
      registries: [{ kind: 'golioth', name: 'erp', project, secretFile }],
    });
  configure('after');
  const says =
    'The devices of the registry erp are in the account "golioth before", and its configuration names "golioth after": nothing is sent. Give it the old account back, or configure the new one as a registry of another name.';
  const checked = await place.certline('cloud', 'check', '--json');
  expect([checked.status, json(checked)]).toEqual([
    4,
    [{ registry: 'erp', permission: 'send', fault: says }],
  ]);
  const found = async (): Promise<unknown[]> => {
    const { findings } = json(await place.certline('doctor', '--json')) as { findings: { check: string }[] };
    return findings.filter(({ check }) => check === 'registry erp');
  };
  expect(await found()).toMatchObject([{ verdict: 'fail', reason: 'configuration', says: `send: ${says}` }]);
  expect(json(await place.certline('registry', 'status', '--json'))).toMatchObject({
    registries: [{ registry: 'erp', account: 'golioth before' }],
  });
  configure('before');
  expect(JSON.stringify(await found())).not.toContain('in the account');
});

it('doctor names one cause once, however many permissions it prevents', async () => {
  const place = newPlace();
  const secretFile = join(place.folder, 'secret');
  const cloud = { kind: 'golioth', name: 'cloud', project: PRODUCT.organization, secretFile };
  place.configure({ products: [{ ...PRODUCT, registries: ['cloud'] }], registries: [cloud] });
  const { findings } = json(await place.certline('doctor', '--json')) as {
    findings: { check: string; detail: string }[];
  };
  const found = findings.filter(({ check }) => check === 'registry cloud');
  expect(found).toHaveLength(1);
  expect(JSON.stringify(found)).toContain('list devices, list certificates: The credential');
});
