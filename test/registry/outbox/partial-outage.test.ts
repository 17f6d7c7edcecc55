import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DeviceRegistryError } from '../../../registry/device-registry-error.ts';
import { WebhookRegistry } from '../../../registry/webhook/webhook-registry.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { startDouble } from '../http/double-server.ts';
import type { DoubleAnswer } from '../http/double-server.ts';
import { passedLot } from './drained.ts';
import { ScriptedRegistry } from './scripted-registry.ts';

const HOUR_MS = 3_600_000;

/** A receiver called as the registry of the lot, that answers HEAD with 404 and events as a test says. */
async function receiver(answer: () => DoubleAnswer): Promise<WebhookRegistry> {
  const { url } = await startDouble({
    answer: ({ method }) => (method === 'HEAD' ? { status: 404 } : answer()),
    throttled: () => ({ status: 429 }),
    stranger: () => ({ status: 401 }),
    broken: () => ({ status: 500 }),
  });
  const secretFile = join(temporaryFolder(), 'secret');
  writeFileSync(secretFile, `whsec_${Buffer.alloc(32, 7).toString('base64')}`, { mode: 0o600 });
  const registry = new WebhookRegistry({ name: 'cloud', url, secretFile });
  onTestFinished(() => registry.close());
  return registry;
}

describe('a device registry that can be looked at and takes nothing', () => {
  it('parks no unit, and gets all of them when it works again', async () => {
    const { drained, depth } = await passedLot(20);
    let isDown = true;
    const erp = await receiver(() => ({ status: isDown ? 500 : 204 }));
    await drained(erp, 6 * HOUR_MS);
    expect(await depth()).toMatchObject({ waiting: 20, parked: 0, reason: 'unavailable' });
    isDown = false;
    await drained(erp, HOUR_MS);
    expect(await depth()).toMatchObject({ waiting: 0, parked: 0, done: 20, failures: 0 });
  }, 60_000);

  it('parks no unit although it took some before', async () => {
    const { drained, clock, depth } = await passedLot(100);
    const cloud = new ScriptedRegistry(clock);
    let isDown = false;
    cloud.before = () => (isDown ? new DeviceRegistryError('unavailable', 'It is down.') : undefined);
    cloud.after = () => {
      isDown ||= cloud.inUse.size === 50;
      return undefined;
    };
    await drained(cloud, 6 * HOUR_MS);
    expect(await depth()).toMatchObject({ waiting: 50, parked: 0, done: 50 });
    isDown = false;
    cloud.after = () => undefined;
    await drained(cloud);
    expect(await depth()).toMatchObject({ waiting: 0, parked: 0, done: 100 });
  }, 60_000);

  it('is none where three units always fail: they are parked, and no others', async () => {
    const { drained, clock, depth, registry, serials } = await passedLot(60);
    const bad = new Set([serials[3], serials[20], serials[41]]);
    const cloud = new ScriptedRegistry(clock);
    cloud.before = ({ serial }) =>
      bad.has(serial) ? new DeviceRegistryError('unavailable', 'It broke.', { isUnknown: true }) : undefined;
    await drained(cloud, HOUR_MS / 6);
    expect(await depth()).toMatchObject({ waiting: 0, parked: 3, done: 57 });
    expect(new Set((await registry.outbox.parked(10)).map(({ serial }) => serial))).toEqual(bad);
  });

  it.each([503, 403])(
    'is not asked before the time that it says, with %d',
    async (status) => {
      const { drained, clock, depth } = await passedLot(20);
      const asked: number[] = [];
      let isDown = false;
      const erp = await receiver(() => {
        asked.push(clock.now());
        isDown ||= asked.length === 10;
        return isDown ? { status, headers: { 'retry-after': '3600' } } : { status: 204 };
      });
      await drained(erp, HOUR_MS / 2);
      const before = asked.length;
      const from = asked[9]!;
      await drained(erp, HOUR_MS / 4);
      // What was under way when the first answer came is no question after it.
      expect([asked.length, asked.filter((at) => at > from + HOUR_MS / 6)]).toEqual([before, []]);
      expect(await depth()).toMatchObject({ parked: 0, done: 9, failures: expect.any(Number) });
      isDown = false;
      asked.length = 20;
      await drained(erp, HOUR_MS);
      expect(await depth()).toMatchObject({ waiting: 0, parked: 0, done: 20 });
    },
    60_000,
  );
});
