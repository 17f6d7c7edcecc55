import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DeviceRegistryError } from '../../../registry/device-registry-error.ts';
import { GoliothRegistry } from '../../../registry/golioth/golioth-registry.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { GoliothDouble } from '../golioth/golioth-double.ts';
import { registration } from '../record/opened.ts';
import { passedLot } from './drained.ts';
import type { DrainRig } from './drained.ts';
import { ScriptedRegistry } from './scripted-registry.ts';

const MINUTE = 60_000;

async function revoke({ registry, serials }: DrainRig): Promise<void> {
  const { certificateSerial } = registration(serials[0]!);
  const revocations = [{ certificateSerial, reason: 'keyCompromise', revokedAt: '2026-02-01T00:00:00Z' }];
  await registry.applyRevocations({ issuerKey: 'ca', number: 1, revocations });
}

async function startProject(project: string): Promise<[GoliothDouble, GoliothRegistry]> {
  const double = await GoliothDouble.start(project);
  const secretFile = join(temporaryFolder(), 'api-key');
  writeFileSync(secretFile, double.apiKey, { mode: 0o600 });
  const options = { name: 'cloud', project, secretFile, url: double.server.url, create: {} };
  return [double, new GoliothRegistry(options)];
}

describe('a device registry whose account is changed', () => {
  it('ends no device in another Golioth project, and ends it when the project is given back', async () => {
    // The O that the rig reads in every certificate.
    const [project, before] = await startProject('O');
    const [otherProject, after] = await startProject('another');
    const rig = await passedLot(1);
    const enabled = (): boolean[] => project.devices.map((device) => device.enabled);
    await rig.drained(before);
    expect(enabled()).toEqual([true]);
    await revoke(rig);
    await rig.drained(after, 5 * MINUTE);
    expect(otherProject.server.questions).toEqual([]);
    expect(await rig.depth()).toMatchObject({ waiting: 1, done: 0, account: 'golioth O' });
    expect(await rig.depth()).toMatchObject({ reason: 'credentials', pausedUntil: expect.any(Number) });
    const { message } = await rig.depth();
    expect(message).toMatch(
      /^The devices of the registry cloud are in the account "golioth O", and its configuration names "golioth another": /,
    );
    expect(message).toContain('or configure the new one as a registry of another name');
    await rig.registry.outbox.retry({});
    await rig.drained(after, MINUTE);
    expect(await rig.depth()).toMatchObject({ waiting: 1, done: 0 });
    await rig.registry.outbox.retry({});
    await rig.drained(before);
    expect(enabled()).toEqual([false]);
    expect(await rig.depth()).toMatchObject({ waiting: 0, done: 1 });
    expect(rig.defects).toEqual([]);
    for (const each of [before, after]) await each.close();
  });

  const accounts = [
    ['another account', 'aws-iot eu-west-1'],
    ['no account', undefined],
  ] as const;
  it.each(accounts)('sends nothing to %s', async (_title, account) => {
    const rig = await passedLot(1);
    const cloud = new ScriptedRegistry(rig.clock);
    cloud.account = 'aws-iot eu-central-1';
    await rig.drained(cloud);
    await revoke(rig);
    cloud.account = account;
    await rig.drained(cloud, 5 * MINUTE);
    expect(cloud.sent).toHaveLength(1);
    expect(await rig.depth()).toMatchObject({ waiting: 1, reason: 'credentials' });
  });

  const refused = [
    ['gives up the first one, which was never reached', 'unavailable', false, 'two'],
    ['gives up the first one, which accepted no credentials', 'credentials', false, 'two'],
    ['keeps the first one, which may have done what it did not answer', 'unavailable', true, 'one'],
  ] as const;
  it.each(refused)('%s', async (_title, reason, isUnknown, kept) => {
    const rig = await passedLot(3);
    const cloud = new ScriptedRegistry(rig.clock);
    cloud.account = 'one';
    cloud.before = () => new DeviceRegistryError(reason, 'No.', { isUnknown });
    await rig.drained(cloud, 5 * MINUTE);
    cloud.before = () => undefined;
    cloud.account = 'two';
    await rig.registry.outbox.retry({});
    await rig.drained(cloud, 5 * MINUTE);
    expect(await rig.depth()).toMatchObject({ account: kept, done: kept === 'two' ? 3 : 0 });
  });

  it('keeps one where certificates work before anything is sent', async () => {
    const rig = await passedLot(1);
    const cloud = new ScriptedRegistry(rig.clock);
    Object.assign(cloud.guarantees, { signedIsLive: true });
    cloud.account = 'one';
    cloud.before = () => new DeviceRegistryError('credentials', 'No.');
    await rig.drained(cloud, 5 * MINUTE);
    expect(await rig.depth()).toMatchObject({ account: 'one', waiting: 1 });
  });
});
