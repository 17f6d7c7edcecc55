import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NrfCloudRegistry } from '../../../registry/nrf-cloud/nrf-cloud-registry.ts';
import type { NrfCloudRegistryOptions } from '../../../registry/nrf-cloud/nrf-cloud-registry.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import {
  describeDeviceRegistry,
  outcomeOf,
  plainDevice,
} from '../conformance/device-registry-conformance.ts';
import type { RegistryRig } from '../conformance/device-registry-conformance.ts';
import { NrfCloudDouble } from './nrf-cloud-double.ts';

const SIGNAL = new AbortController().signal;

interface Rig {
  readonly double: NrfCloudDouble;
  readonly registry: NrfCloudRegistry;
}

async function startRig(options: Partial<NrfCloudRegistryOptions> = {}): Promise<Rig> {
  const double = await NrfCloudDouble.start();
  const secretFile = join(temporaryFolder(), 'nrf-cloud.key');
  writeFileSync(secretFile, double.apiKey, { mode: 0o600 });
  const registry = new NrfCloudRegistry({
    name: 'nrf',
    secretFile,
    url: double.server.url,
    subType: 'node',
    tags: ['lot-2026'],
    fwTypes: ['APP', 'MODEM'],
    deadlineMs: 2_000,
    pollMs: 1,
    patienceMs: 5_000,
    ...options,
  });
  return { double, registry };
}

describeDeviceRegistry(
  'nRF Cloud',
  async (): Promise<RegistryRig> => {
    const { double, registry } = await startRig();
    return {
      registry,
      inUse: () => double.inUse(),
      misbehave: double.server.misbehave,
      plant: ({ commonName, certificateSha256 }, whose) =>
        void double.devices.set(commonName, {
          subType: 'node',
          tags: whose === 'ours' ? ['certline'] : ['bench'],
          fwTypes: [],
          certificateSha256: whose === 'ours' ? certificateSha256 : 'ab'.repeat(32),
        }),
      secrets: () => [double.apiKey],
      // Between the look and the change it asks for operations that are under way, of two kinds.
      questionsOfWithdrawal: 4,
    };
  },
  { device: plainDevice, refusedDevice: () => ({ ...plainDevice('CL-9'), commonName: 'CL 9' }) },
  { stub: 'its answer to a deletion is not documented' },
);

const posts = ({ server }: NrfCloudDouble): string[] =>
  server.questions.filter(({ method }) => method === 'POST').map(({ path }) => path);

describe('devices at nRF Cloud', () => {
  it('are onboarded a thousand in one operation, in groups that people chose', async () => {
    const { double, registry } = await startRig();
    const devices = Array.from({ length: 1_000 }, (_none, at) => plainDevice(`CL-${at + 1}`));
    expect(await registry.put(devices, SIGNAL)).toEqual(devices.map(() => 'done'));
    expect(posts(double)).toEqual(['/devices']);
    expect(double.devices.get('CL-1000')).toEqual({
      subType: 'node',
      tags: ['certline', 'lot-2026'],
      fwTypes: ['APP', 'MODEM'],
      certificateSha256: devices[999]!.certificateSha256,
    });
  });

  it.each([
    ['Device certificate is not a valid ES256 certificate', 'refused'],
    ['', 'refused'],
    ['Internal error, please try again', 'unavailable'],
    ['The device certificate is already registered and attached to a different device.', 'conflict'],
  ])('whose operation fails with "%s" are sent again alone', async (says, reason) => {
    const { double, registry } = await startRig();
    const devices = [1, 2, 3].map((at) => plainDevice(`CL-${at}`));
    double.rowErrors.set('CL-2', [says]);
    const answers = await registry.put(devices, SIGNAL);
    expect(answers).toEqual(['done', expect.objectContaining({ reason }), 'done']);
    expect(await outcomeOf(registry, 'put', devices[1]!)).toBe('done');
    expect(double.operations.map(({ rows }) => rows.map(([id]) => id))).toEqual([
      ['CL-1', 'CL-2', 'CL-3'],
      ['CL-2'],
    ]);
    expect(double.inUse().toSorted()).toEqual(devices.map((each) => each.certificateSha256).toSorted());
  });

  it('that are malformed do not stop the others of a thousand', async () => {
    const { double, registry } = await startRig({ pollMs: 0 });
    const devices = Array.from({ length: 1_000 }, (_none, at) => plainDevice(`CL-${at + 1}`));
    // Its id is good, so that the look before it says nothing of it.
    devices[700] = { ...plainDevice('CL-701'), certificate: Buffer.alloc(0) };
    const answers = await registry.put(devices, SIGNAL);
    expect(answers.filter((answer) => answer !== 'done')).toEqual([
      expect.objectContaining({ reason: 'refused', message: expect.stringContaining('CL-701') }),
    ]);
    expect(double.devices.size).toBe(999);
    expect(posts(double).length).toBeLessThan(25);
  });

  it('that nRF Cloud has and does not show may be ours or of another team, and are asked for again', async () => {
    const { double, registry } = await startRig();
    double.elsewhere.add('CL-1');
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({
      reason: 'unavailable',
      isUnknown: true,
      message: expect.stringContaining('another team'),
    });
    expect(double.inUse()).toEqual([]);
    // Onboarded by an earlier try, with another kind of device.
    const device = plainDevice('CL-2');
    await outcomeOf(registry, 'put', device);
    double.devices.get('CL-2')!.subType = 'another';
    double.server.misbehave('stale-read', 10);
    const ends = (): Promise<unknown> => outcomeOf(registry, 'put', device);
    expect(await ends()).toMatchObject({ reason: 'unavailable', isUnknown: true });
    await expect.poll(ends, { interval: 0 }).toBe('done');
    expect(double.inUse()).toEqual([device.certificateSha256]);
  });

  it('of the team that appear during the operation and are not ours are a conflict', async () => {
    const { double, registry } = await startRig();
    double.devices.set('CL-1', { subType: '', tags: ['bench'], fwTypes: [], certificateSha256: 'ab' });
    // The look before the operation does not show it.
    double.server.misbehave('stale-read');
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({
      reason: 'conflict',
      message: expect.stringContaining('somebody else'),
    });
  });

  it('are refused without the API key that nRF Cloud repeats', async () => {
    const { double, registry } = await startRig();
    double.rowErrors.set('CL-1', [`${double.apiKey} may not onboard this`]);
    const outcome = await outcomeOf(registry, 'put', plainDevice('CL-1'));
    expect(outcome).toMatchObject({ reason: 'refused', message: expect.stringContaining('may not onboard') });
    expect(String(outcome)).not.toContain(double.apiKey);
  });

  it('that are onboarded stay so when the certificates of others cannot be replaced', async () => {
    const { registry, double } = await startRig();
    const old = plainDevice('CL-2');
    expect(await registry.put([old], SIGNAL)).toEqual(['done']);
    const renewed = { ...plainDevice('CL-2', 2), others: [old.certificateSha256] };
    // After a look, and the onboarding with two looks at its operation.
    double.server.misbehave('server-error', 1, 4);
    const fault = expect.objectContaining({ reason: 'unavailable' });
    expect(await registry.put([plainDevice('CL-1'), renewed], SIGNAL)).toEqual(['done', fault]);
  });

  it('that are ours get their certificate also after the kind of device was changed', async () => {
    const { double, registry } = await startRig();
    const device = plainDevice('CL-1');
    await outcomeOf(registry, 'put', device);
    double.devices.get('CL-1')!.subType = 'another';
    expect(await outcomeOf(registry, 'put', device)).toBe('done');
    expect(posts(double)).toEqual(['/devices', '/devices', '/devices/certificates']);
  });

  it('keep their history while their board gets another key, and are deleted when the unit gets no certificate', async () => {
    const { double, registry } = await startRig();
    const device = plainDevice('CL-1');
    await outcomeOf(registry, 'put', device);
    expect(await outcomeOf(registry, 'withdraw', { ...device, continues: true })).toBe('done');
    expect(double.devices.has('CL-1')).toBe(true);
    expect(await outcomeOf(registry, 'withdraw', device)).toBe('done');
    expect(double.devices.has('CL-1')).toBe(false);
  });

  it('that somebody took out of our group are not deleted when they are withdrawn, and a person hears of it', async () => {
    const { double, registry } = await startRig();
    const device = plainDevice('CL-1');
    await outcomeOf(registry, 'put', device);
    double.devices.get('CL-1')!.tags = ['bench'];
    expect(await outcomeOf(registry, 'withdraw', device)).toMatchObject({ reason: 'conflict' });
    expect(double.inUse()).toEqual([device.certificateSha256]);
  });
});

describe('a bulk operation', () => {
  it('that is still under way is no reason to believe that a withdrawn device is not there', async () => {
    const { double, registry } = await startRig({ patienceMs: 20 });
    const device = plainDevice('CL-1');
    double.isHeld = true;
    expect(await outcomeOf(registry, 'put', device)).toMatchObject({
      reason: 'unavailable',
      isUnknown: true,
    });
    expect(await outcomeOf(registry, 'withdraw', device)).toMatchObject({ reason: 'unavailable' });
    double.finish();
    expect(double.inUse()).toEqual([device.certificateSha256]);
    expect(await outcomeOf(registry, 'withdraw', device)).toBe('done');
    expect(double.inUse()).toEqual([]);
  });

  it('that brings a device again after it was deleted is a reason to delete it once more, later', async () => {
    const { double, registry } = await startRig({ patienceMs: 20 });
    const device = plainDevice('CL-1');
    const { certificateSha256 } = device;
    double.devices.set('CL-1', { subType: 'node', tags: ['certline'], fwTypes: [], certificateSha256 });
    double.isHeld = true;
    // The same again, by a drain that did not record it, and was killed.
    await outcomeOf(registry, 'put', device);
    expect(await registry.withdraw([device], SIGNAL)).toEqual(['unsure']);
    expect(double.inUse()).toEqual([]);
    double.finish();
    expect(double.inUse()).toEqual([device.certificateSha256]);
    await registry.withdraw([device], SIGNAL);
    expect(double.inUse()).toEqual([]);
  });

  it('whose answer was lost is carried out once', async () => {
    const { double, registry } = await startRig();
    const device = plainDevice('CL-1');
    double.server.misbehave('timeout-after-commit', 1, 1);
    expect(await outcomeOf(registry, 'put', device)).toMatchObject({
      reason: 'unavailable',
      isUnknown: true,
    });
    expect(posts(double)).toEqual(['/devices']);
    expect(await outcomeOf(registry, 'put', device)).toBe('done');
    expect(double.inUse()).toEqual([device.certificateSha256]);
  });

  it('is waited for no longer than its patience, however long nRF Cloud asks to be left alone', async () => {
    const { double, registry } = await startRig({ patienceMs: 200 });
    // After the look and the start: the double asks for 3 s.
    double.server.misbehave('throttle', 5, 2);
    const startedAt = performance.now();
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({ isUnknown: true });
    expect(performance.now() - startedAt).toBeLessThan(2_500);
  });

  it('is waited for, although nRF Cloud cannot be asked about it for a while', async () => {
    const { double, registry } = await startRig({ deadlineMs: 500 });
    for (const how of ['server-error', 'garbage', 'timeout-after-commit'] as const)
      double.server.misbehave(how, 1, how === 'server-error' ? 2 : 0);
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toBe('done');
    expect(posts(double)).toEqual(['/devices']);
  });

  it.each([
    ['on another host without TLS', () => 'http://bulk-ops-requests.example.com/errors.json'],
    ['that is not there', (url: string) => url.replace('.json', '.txt')],
  ])('whose errors are in a file %s is in doubt', async (_where, summary) => {
    const { double, registry } = await startRig();
    double.rowErrors.set('CL-1', ['bad']);
    double.summary = summary;
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({
      reason: 'unavailable',
      isUnknown: true,
    });
  });
});

it('finds a key that may only look, and a wrong one, a sentence each', async () => {
  const { double, registry } = await startRig();
  double.role = 'viewer';
  const faults = async (): Promise<(string | undefined)[]> =>
    (await registry.check(SIGNAL)).map(({ fault }) => fault);
  expect(await faults()).toEqual([undefined, undefined, expect.stringContaining('that of a viewer')]);
  double.apiKey = 'a new one';
  for (const fault of await faults()) expect(fault).toContain('correct its credentials');
});
