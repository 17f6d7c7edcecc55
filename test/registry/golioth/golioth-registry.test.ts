import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../registry/device-registry.ts';
import { GoliothRegistry } from '../../../registry/golioth/golioth-registry.ts';
import type { GoliothRegistryOptions } from '../../../registry/golioth/golioth-registry.ts';
import { makeCa } from '../../pki/leaf.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import {
  describeDeviceRegistry,
  outcomeOf,
  plainDevice,
} from '../conformance/device-registry-conformance.ts';
import type { RegistryRig } from '../conformance/device-registry-conformance.ts';
import { GoliothDouble, ODD } from './golioth-double.ts';
import type { Quirks } from './golioth-double.ts';

const PROJECT = 'project-1';
const SIGNAL = new AbortController().signal;
const CREATE = { create: { blueprint: 'node', tags: ['factory'] } };

interface Rig {
  readonly double: GoliothDouble;
  readonly registry: GoliothRegistry;
}

async function startRig(
  options: Partial<GoliothRegistryOptions> = CREATE,
  quirks: Partial<Quirks> = {},
): Promise<Rig> {
  const double = await GoliothDouble.start(PROJECT, quirks);
  const secretFile = join(temporaryFolder(), 'api-key');
  writeFileSync(secretFile, double.apiKey, { mode: 0o600 });
  const registry = new GoliothRegistry({
    name: 'golioth',
    project: PROJECT,
    secretFile,
    url: double.server.url,
    deadlineMs: 2_000,
    ...options,
  });
  return { double, registry };
}

/** Golioth keeps no hash: a device that is enabled is what its unit's newest certificate of this test works with. */
const newest = new Map<string, string>();

function deviceOf(serial: string, attempt = 1): Device {
  const device = plainDevice(serial, attempt);
  newest.set(device.commonName, device.certificateSha256);
  return device;
}

for (const [title, quirks] of [
  ['a project at Golioth', {}],
  ['a project at Golioth that does all that is not documented in another way', ODD],
] as const)
  describeDeviceRegistry(
    title,
    async (): Promise<RegistryRig> => {
      const { double, registry } = await startRig(CREATE, quirks);
      return {
        registry,
        inUse: () =>
          double.devices.filter(({ enabled }) => enabled).map(({ name }) => newest.get(name) ?? name),
        // A device that is not there is created by its first connect, enabled.
        letsIn: ({ commonName }) =>
          double.devices.find(
            ({ name, certificateId }) => certificateId === commonName || name === commonName,
          )?.enabled ?? true,
        misbehave: double.server.misbehave,
        plant: ({ commonName, boardId }, whose) =>
          void double.add({
            name: commonName,
            certificateId: whose === 'ours' ? commonName : 'another-unit',
            ...(whose === 'ours' && { hardwareIds: [boardId] }),
          }),
        secrets: () => [double.apiKey],
      };
    },
    { device: deviceOf, refusedDevice: () => ({ ...deviceOf('CL-9'), organization: 'project-2' }) },
  );

describe('a device at Golioth', () => {
  it('is created beforehand with its board, blueprint and tags, and becomes the unit with its first connect', async () => {
    const { double, registry } = await startRig();
    expect(await outcomeOf(registry, 'put', deviceOf('CL-1'))).toBe('done');
    const [device] = double.devices;
    expect(device).toMatchObject({
      name: 'CL-1',
      certificateId: '',
      hardwareIds: [plainDevice('CL-1').boardId],
      tagIds: ['tag-1'],
      blueprintId: 'blueprint-1',
    });
  });

  it('gets the tag that a person made again, under the id that it has now', async () => {
    const { double, registry } = await startRig();
    expect(await outcomeOf(registry, 'put', deviceOf('CL-1'))).toBe('done');
    double.tags[0] = { id: 'tag-7', name: 'factory' };
    double.blueprints[0] = { id: 'blueprint-7', name: 'node' };
    expect(await outcomeOf(registry, 'put', deviceOf('CL-2'))).toBe('done');
    expect(double.devices[1]).toMatchObject({ tagIds: ['tag-7'], blueprintId: 'blueprint-7' });
  });

  it('is left to its first connect otherwise', async () => {
    const { double, registry } = await startRig({});
    expect(await outcomeOf(registry, 'put', deviceOf('CL-1'))).toBe('done');
    expect(double.devices).toEqual([]);
    expect(double.server.questions.map(({ method }) => method)).toEqual(['GET']);
  });

  it('is created disabled when a certificate that never connected is withdrawn, and never deleted', async () => {
    const { double, registry } = await startRig({});
    expect(await outcomeOf(registry, 'withdraw', deviceOf('CL-1'))).toBe('done');
    expect(double.devices).toMatchObject([{ name: 'CL-1', enabled: false }]);
    // Its board may be another unit's already.
    expect(double.devices[0]!.hardwareIds).not.toContain(plainDevice('CL-1').boardId);
    expect(double.server.questions.map(({ method }) => method)).not.toContain('DELETE');
  });

  it('lets the unit connect that is being made again, however it is called by now', async () => {
    const { double, registry } = await startRig({});
    const connected = double.add({ name: 'Kitchen sensor', certificateId: 'CL-1' });
    const ended = deviceOf('CL-1');
    expect(await outcomeOf(registry, 'withdraw', ended)).toBe('done');
    expect(connected.enabled).toBe(false);
    expect(await outcomeOf(registry, 'withdraw', { ...ended, continues: true })).toBe('done');
    expect(connected.enabled).toBe(true);
    // Of one that never connected there is nothing to enable, and its first connect creates it.
    expect(await outcomeOf(registry, 'withdraw', { ...deviceOf('CL-2'), continues: true })).toBe('done');
    expect(double.devices).toEqual([connected]);
  });

  it('is enabled again when the unit gets another certificate', async () => {
    const { double, registry } = await startRig({});
    double.add({ name: 'CL-1', certificateId: 'CL-1', enabled: false });
    const renewed = { ...deviceOf('CL-1', 2), others: [plainDevice('CL-1').certificateSha256] };
    expect(await outcomeOf(registry, 'put', renewed)).toBe('done');
    expect(double.devices).toMatchObject([{ enabled: true }]);
  });

  it('is found by its certificate id when somebody has renamed it, among 250 others', async () => {
    const { double, registry } = await startRig({}, { firstPage: 1 });
    for (let at = 0; at < 250; at += 1) double.add({ name: `other-${at}`, certificateId: `other-${at}` });
    const renamed = double.add({ name: 'Kitchen sensor', certificateId: 'CL-1' });
    const devices = [deviceOf('CL-1'), deviceOf('CL-2')];
    expect(await registry.withdraw(devices, SIGNAL)).toEqual(['done', 'done']);
    expect(renamed.enabled).toBe(false);
    expect(double.devices.filter(({ enabled }) => !enabled).map(({ name }) => name)).toEqual([
      'Kitchen sensor',
      'CL-2',
    ]);
    // All devices were listed once for both.
    const lists = double.server.questions.filter(({ method, query }) => method === 'GET' && query.size === 2);
    expect(lists.length).toBeLessThanOrEqual(4);
  });

  it('is not looked for without end where each page of the list is the first one', async () => {
    const { double, registry } = await startRig({});
    for (let at = 0; at < 150; at += 1) double.add({ name: `other-${at}`, certificateId: `other-${at}` });
    double.isStuck = true;
    const [answer] = await registry.withdraw([deviceOf('CL-1')], SIGNAL);
    expect(answer).toMatchObject({ reason: 'unavailable', isUnknown: true });
    expect(double.server.questions.length).toBeLessThan(10);
    expect(double.devices).toHaveLength(150);
  });

  it('keeps what a person gave it', async () => {
    const { double, registry } = await startRig();
    double.blueprints.push({ id: 'blueprint-2', name: 'special' });
    double.tags.push({ id: 'tag-2', name: 'field-test' });
    double.add({ name: 'CL-1', certificateId: 'CL-1', tagIds: ['tag-2'], blueprintId: 'blueprint-2' });
    await outcomeOf(registry, 'put', deviceOf('CL-1'));
    expect(double.devices).toMatchObject([{ tagIds: ['tag-2', 'tag-1'], blueprintId: 'blueprint-2' }]);
  });
});

describe.each([
  ['plain', {}],
  ['odd', ODD],
] as const)('the board of a device, at a %s project', (_title, quirks) => {
  const BOARD = 'aaaaaaaaaaaaaaaa';
  const OTHER_BOARD = 'bbbbbbbbbbbbbbbb';
  const start = (): Promise<Rig> => startRig(CREATE, quirks);
  const on = (boardId: string, serial: string, attempt = 1): Device => ({
    ...deviceOf(serial, attempt),
    boardId,
  });
  /** The unit with another certificate, on another board. */
  const moved = (serial: string): Device => ({
    ...on(OTHER_BOARD, serial, 2),
    others: [plainDevice(serial).certificateSha256],
  });
  const idsOf = ({ double }: Rig): unknown =>
    Object.fromEntries(double.devices.map(({ name, hardwareIds }) => [name, hardwareIds]));

  it('is taken from one that was disabled', async () => {
    const rig = await start();
    rig.double.add({ name: 'CL-7', hardwareIds: [BOARD], enabled: false });
    expect(await outcomeOf(rig.registry, 'put', on(BOARD, 'CL-1'))).toBe('done');
    expect(rig.double.devices).toMatchObject([
      { name: 'CL-7', hardwareIds: [], enabled: false },
      { name: 'CL-1', hardwareIds: [BOARD], enabled: true },
    ]);
  });

  it('that another one has is a conflict, and changes nothing', async () => {
    const rig = await start();
    rig.double.add({ name: 'CL-7', hardwareIds: [BOARD] });
    expect(await outcomeOf(rig.registry, 'put', on(BOARD, 'CL-1'))).toMatchObject({
      reason: 'conflict',
      message: expect.stringContaining('CL-7'),
    });
    expect(rig.double.devices).toHaveLength(1);
  });

  it('is free for the next unit when the unit has moved to another', async () => {
    const rig = await start();
    expect(await outcomeOf(rig.registry, 'put', on(BOARD, 'CL-1'))).toBe('done');
    expect(await outcomeOf(rig.registry, 'put', moved('CL-1'))).toBe('done');
    expect(idsOf(rig)).toEqual({ 'CL-1': [OTHER_BOARD] });
    expect(await outcomeOf(rig.registry, 'put', on(BOARD, 'CL-9'))).toBe('done');
    expect(idsOf(rig)).toEqual({ 'CL-1': [OTHER_BOARD], 'CL-9': [BOARD] });
  });

  it('that the unit moves to is taken from one that was disabled, and not from one that works', async () => {
    const rig = await start();
    await outcomeOf(rig.registry, 'put', on(BOARD, 'CL-1'));
    const holder = rig.double.add({ name: 'CL-7', hardwareIds: [OTHER_BOARD] });
    expect(await outcomeOf(rig.registry, 'put', moved('CL-1'))).toMatchObject({ reason: 'conflict' });
    expect(idsOf(rig)).toEqual({ 'CL-1': [BOARD], 'CL-7': [OTHER_BOARD] });
    holder.enabled = false;
    expect(await outcomeOf(rig.registry, 'put', moved('CL-1'))).toBe('done');
    expect(idsOf(rig)).toEqual({ 'CL-1': [OTHER_BOARD], 'CL-7': [] });
  });

  it('keeps what a person added while the board is the same', async () => {
    const rig = await start();
    rig.double.add({ name: 'CL-1', hardwareIds: ['label-17', OTHER_BOARD] });
    expect(await outcomeOf(rig.registry, 'put', moved('CL-1'))).toBe('done');
    expect(idsOf(rig)).toEqual({ 'CL-1': ['label-17', OTHER_BOARD] });
  });

  it.each([
    ['before', ['put', 'withdraw']],
    ['after', ['withdraw', 'put']],
  ] as const)("may be the next unit's %s a unit that never connected is revoked", async (_when, order) => {
    const rig = await start();
    for (const act of order)
      expect(await outcomeOf(rig.registry, act, on(BOARD, act === 'put' ? 'CL-2' : 'CL-1'))).toBe('done');
    expect(rig.double.devices.find(({ name }) => name === 'CL-1')!.enabled).toBe(false);
    expect(rig.double.devices.find(({ name }) => name === 'CL-2')).toMatchObject({
      enabled: true,
      hardwareIds: [BOARD],
    });
  });

  it.each([
    ['revoked', 'withdraw', on(BOARD, 'CL-1')],
    ['moved', 'put', moved('CL-1')],
  ] as const)('waits for a call that began before, in which its unit is %s', async (_what, act, device) => {
    const rig = await start();
    await outcomeOf(rig.registry, 'put', on(BOARD, 'CL-1'));
    const long = Array.from({ length: 15 }, (_none, at) => deviceOf(`CL-${at + 100}`));
    const [earlier, later] = await Promise.all([
      rig.registry[act]([...long, device], SIGNAL),
      rig.registry.put([on(BOARD, 'CL-2')], SIGNAL),
    ]);
    expect([...new Set(earlier), ...later]).toEqual(['done', 'done']);
    expect(rig.double.devices.find(({ name }) => name === 'CL-2')!.hardwareIds).toEqual([BOARD]);
  });

  it('that nobody is seen to have yet is no conflict', async () => {
    const rig = await start();
    rig.double.add({ name: 'CL-7', hardwareIds: [BOARD], enabled: false });
    rig.double.server.misbehave('stale-read', 6, 0);
    const ends = (): Promise<unknown> => outcomeOf(rig.registry, 'put', on(BOARD, 'CL-1'));
    expect(await ends()).toMatchObject({ reason: 'unavailable', isUnknown: true });
    await expect.poll(ends, { interval: 0 }).toBe('done');
  });
});

describe('what is checked', () => {
  const faultsOf = async ({ registry }: Rig): Promise<string[]> =>
    (await registry.check(SIGNAL)).flatMap(({ fault }) => fault ?? []);

  it.each([
    ['an expired key', { key: 'expired' }, 2, 'make a new one'],
    ['a project of others', { project: 'project-9' }, 2, 'correct the project, the key or the address'],
    ['a missing permission', { forbidden: 'GET /devices' }, 1, 'give its owner the permission'],
  ] as const)('finds %s, a sentence each', async (_what, wrong, count, says) => {
    const rig = await startRig({ ...('project' in wrong && { project: wrong.project }) });
    if ('key' in wrong) rig.double.apiKey = wrong.key;
    if ('forbidden' in wrong) rig.double.forbidden.add(wrong.forbidden);
    const faults = await faultsOf(rig);
    expect(faults.length).toBeGreaterThanOrEqual(count);
    for (const fault of faults) expect(fault).toContain(says);
  });

  it('finds a blueprint that does not exist', async () => {
    const faults = await faultsOf(await startRig({ create: { blueprint: 'nodes' } }));
    expect(faults).toEqual([expect.stringContaining('no blueprint called "nodes"')]);
  });

  it('finds that the project does not trust the CA', async () => {
    const [issuingCa] = (await makeCa(temporaryFolder())).chain;
    const rig = await startRig({ issuingCa: issuingCa! });
    expect(await faultsOf(rig)).toEqual([expect.stringContaining('certline cloud golioth ca upload')]);
  });
});
