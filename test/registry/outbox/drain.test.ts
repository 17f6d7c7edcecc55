import { describe, expect, it } from 'vitest';
import { DeviceRegistryError } from '../../../registry/device-registry-error.ts';
import type { DeviceRegistryReason } from '../../../registry/device-registry-error.ts';
import { inRework, registration } from '../record/opened.ts';
import { passedLot } from './drained.ts';
import { expectRateKept } from './rate-kept.ts';
import { ScriptedRegistry } from './scripted-registry.ts';

const fault = (reason: DeviceRegistryReason, particulars = {}): DeviceRegistryError =>
  new DeviceRegistryError(reason, `It is ${reason}.`, particulars);
const hashOf = (serial: string, attempt = 1): string => registration(serial, attempt).certificateSha256;
const REVOKED_AT = '2026-02-01T00:00:00.000Z';

describe('the rate of a device registry', () => {
  // oxlint-disable-next-line vitest/expect-expect -- The helper expects.
  it('is used to 98 % and never exceeded, also when the drain begins again', async () => {
    await expectRateKept(2_000);
  }, 120_000);

  it('is of devices, not of calls', async () => {
    const { drained, clock } = await passedLot(300);
    const cloud = new ScriptedRegistry(clock, 'cloud', { devicesPerSecond: 20, devicesPerCall: 50 });
    await drained(cloud);
    const times = cloud.sent.map(({ at }) => at);
    // The last call is sent when the time of those before has passed: 250 devices at 20 a second.
    expect(times.at(-1)! - times[0]!).toBeGreaterThanOrEqual(12_500);
    expect(times.at(-1)! - times[0]!).toBeLessThan(12_800);
  });

  it('is kept where a full call takes longer than a drain, and the backlog ends in time', async () => {
    const { drained, clock, depth } = await passedLot(2_000);
    const pace = { devicesPerSecond: 1, devicesPerCall: 1_000, callsAtOnce: 1, gatherMs: 5_000 };
    const cloud = new ScriptedRegistry(clock, 'cloud', pace);
    clock.startAt(Date.now());
    const from = clock.now();
    for (let minutes = 0; minutes < 40 && (await depth()).waiting > 0; minutes += 10) {
      await drained(cloud, 600_000);
      clock.startAt(from + (minutes + 10) * 60_000);
    }
    expect(await depth()).toMatchObject({ waiting: 0, done: 2_000 });
    // In any five minutes, beginning with a call, and the call of a minute that is at their end.
    for (const { at } of cloud.sent.filter(({ serial }) => serial.endsWith('1'))) {
      const within = cloud.sent.filter((each) => each.at >= at && each.at < at + 300_000);
      expect(within.length).toBeLessThanOrEqual(360);
    }
  }, 120_000);

  it('is believed to be taken for no day, as a clock says that was ahead', async () => {
    const { drained, clock, registry, depth } = await passedLot(5);
    const cloud = new ScriptedRegistry(clock);
    await registry.outbox.book('cloud', Date.now() + 86_400_000, 1, 1);
    await drained(cloud, 10_000);
    expect(await depth()).toMatchObject({ waiting: 0, done: 5 });
  });

  it('is not exceeded after all calls were stuck for a while', async () => {
    const { drained, clock, depth } = await passedLot(120);
    const cloud = new ScriptedRegistry(clock, 'cloud', { devicesPerSecond: 10 });
    clock.startAt(Date.now());
    const stuckUntil = clock.now() + 3_000;
    const put = cloud.put.bind(cloud);
    cloud.put = async (devices, signal) => {
      const answers = await put(devices, signal);
      await clock.sleep(Math.max(0, stuckUntil - clock.now()), signal);
      return answers;
    };
    await drained(cloud);
    expect(await depth()).toMatchObject({ waiting: 0, done: 120 });
    const gaps = cloud.sent.slice(1).map(({ at }, index) => at - cloud.sent[index]!.at);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(99);
    // Nothing is waited for either, once the calls are back.
    expect(cloud.sent.at(-1)!.at - stuckUntil).toBeLessThan(12_500);
  });

  it('does not exceed the calls that it takes at once, however slow it is', async () => {
    const { drained, clock } = await passedLot(60);
    const cloud = new ScriptedRegistry(clock, 'cloud', { devicesPerSecond: 1_000, callsAtOnce: 3 }, 2_000);
    await drained(cloud);
    expect([cloud.mostAtOnce, cloud.inUse.size]).toEqual([3, 60]);
  });
});

describe('one bad unit', () => {
  it.each(['refused', 'conflict'] as const)(
    'that is %s is parked, and the others are registered',
    async (reason) => {
      const { drained, clock, registry, serials, depth } = await passedLot(50);
      const bad = serials[7]!;
      const cloud = new ScriptedRegistry(clock);
      cloud.before = ({ serial }) => (serial === bad ? fault(reason) : undefined);
      await drained(cloud);
      expect(cloud.inUse.size).toBe(49);
      expect(await depth()).toMatchObject({ waiting: 0, parked: 1, done: 49 });
      expect(await registry.outbox.parked(10)).toMatchObject([
        { serial: bad, reason, message: `It is ${reason}.`, act: 'put', batchId: 'PO-1' },
      ]);
      cloud.before = () => undefined;
      expect(await registry.outbox.retry({ registry: 'elsewhere' })).toBe(0);
      expect(await registry.outbox.retry({ serial: bad.toLowerCase() })).toBe(1);
      await drained(cloud);
      expect(await depth()).toMatchObject({ waiting: 0, parked: 0, done: 50 });
    },
  );

  it('at which the cloud always breaks is parked after some tries, and stops nobody', async () => {
    const { drained, clock, serials, depth, registry } = await passedLot(400);
    const bad = serials[3]!;
    const cloud = new ScriptedRegistry(clock, 'cloud', { longestPauseMs: 4_000 });
    cloud.before = ({ serial }) => (serial === bad ? fault('unavailable', { isUnknown: true }) : undefined);
    await drained(cloud);
    expect(await depth()).toMatchObject({ waiting: 0, parked: 1, done: 399 });
    expect(cloud.sent.filter(({ serial }) => serial === bad)).toHaveLength(8);
    // Forty seconds at ten a second, and little more.
    const times = cloud.sent.filter(({ serial }) => serial !== bad).map(({ at }) => at);
    expect(times.at(-1)! - times[0]!).toBeLessThan(50_000);
    const why = { reason: 'the board is scrap', by: 'mara' };
    expect(await registry.outbox.abandon({ registry: 'cloud' }, why)).toBe(1);
    expect(await depth()).toMatchObject({ waiting: 0, parked: 0, abandoned: 1 });
  });

  it('is not the cause where the adapter has a defect, which is for the log', async () => {
    const { clock, registry, drained, depth, defects } = await passedLot(1);
    const cloud = new ScriptedRegistry(clock);
    cloud.put = async () => {
      throw new TypeError('a defect');
    };
    await drained(cloud, 5_000);
    expect(defects[0]).toBeInstanceOf(TypeError);
    expect(await depth()).toMatchObject({ waiting: 1, done: 0 });
    expect(await registry.outbox.parked(1)).toEqual([]);
  });
});

describe('a call of many units', () => {
  const PACE = { devicesPerSecond: 1_000, devicesPerCall: 1_000, callsAtOnce: 1 };

  it('that fails is one failure of the device registry, which pauses once', async () => {
    const { drained, clock, depth } = await passedLot(200);
    const cloud = new ScriptedRegistry(clock, 'cloud', PACE);
    let isDown = true;
    cloud.isWell = () => !isDown;
    cloud.before = () => (isDown ? fault('unavailable') : undefined);
    await drained(cloud, 500);
    expect(await depth()).toMatchObject({ waiting: 200, failures: 1 });
    isDown = false;
    await drained(cloud, 5_000);
    expect(await depth()).toMatchObject({ done: 200, failures: 0 });
  });

  it.each(['refused', 'conflict'] as const)(
    'that is %s as a whole because of one is divided, until that one is alone and parked',
    async (reason) => {
      const { drained, clock, serials, depth, registry } = await passedLot(200);
      const bad = serials[3]!;
      const cloud = new ScriptedRegistry(clock, 'cloud', PACE);
      const put = cloud.put.bind(cloud);
      let calls = 0;
      cloud.put = async (devices, signal) => {
        calls += 1;
        if (devices.some(({ serial }) => serial === bad)) throw fault(reason);
        return await put(devices, signal);
      };
      await drained(cloud);
      expect(await depth()).toMatchObject({ waiting: 0, parked: 1, done: 199, failures: 0 });
      expect(await registry.outbox.parked(10)).toMatchObject([{ serial: bad, reason }]);
      expect(calls).toBeLessThan(30);
    },
  );

  it('among which is one at which it breaks is divided, until that one is alone and parked', async () => {
    const { drained, clock, serials, depth } = await passedLot(200);
    const bad = serials[3]!;
    const calls: number[] = [];
    const cloud = new ScriptedRegistry(clock, 'cloud', { ...PACE, longestPauseMs: 4_000 });
    const put = cloud.put.bind(cloud);
    cloud.put = async (devices, signal) => {
      calls.push(devices.length);
      if (devices.some(({ serial }) => serial === bad)) throw fault('unavailable', { isUnknown: true });
      return await put(devices, signal);
    };
    await drained(cloud);
    expect(await depth()).toMatchObject({ waiting: 0, parked: 1, done: 199 });
    expect(calls.length).toBeLessThan(30);
  });
});

describe('a moment without internet', () => {
  it('is one failure, however many calls were under way', async () => {
    const { drained, clock, depth } = await passedLot(40);
    const cloud = new ScriptedRegistry(clock, 'cloud', { devicesPerSecond: 100 }, 1_000);
    clock.startAt(Date.now());
    const back = clock.now() + 1_500;
    cloud.isWell = () => clock.now() >= back;
    cloud.before = () => (cloud.isWell() ? undefined : fault('unavailable'));
    await drained(cloud);
    expect(await depth()).toMatchObject({ waiting: 0, parked: 0, done: 40, failures: 0 });
    expect(clock.now() - back).toBeLessThan(20_000);
  });
});

describe('a day without internet', () => {
  it('ends with every unit registered, none parked, and few questions meanwhile', async () => {
    const { drained, clock, depth } = await passedLot(100);
    const cloud = new ScriptedRegistry(clock);
    clock.startAt(Date.now());
    const back = clock.now() + 86_400_000;
    cloud.isWell = () => clock.now() >= back;
    cloud.before = () => (cloud.isWell() ? undefined : fault('unavailable'));
    await drained(cloud, 2 * 86_400_000);
    expect(await depth()).toMatchObject({ waiting: 0, parked: 0, done: 100, failures: 0 });
    const meanwhile = cloud.sent.filter(({ at }) => at < back - 1_000).length;
    expect(meanwhile).toBeLessThan(320);
  }, 240_000);

  it('may be ended by a person', async () => {
    const { drained, clock, registry, depth } = await passedLot(3);
    const cloud = new ScriptedRegistry(clock);
    cloud.before = () => fault('credentials');
    await drained(cloud, 10_000);
    // The second one was sent before the answer to the first came.
    expect(cloud.sent).toHaveLength(2);
    expect(await depth()).toMatchObject({
      waiting: 3,
      parked: 0,
      reason: 'credentials',
      message: 'It is credentials.',
    });
    cloud.before = () => undefined;
    await registry.outbox.retry({ registry: 'cloud' });
    const from = clock.now();
    await drained(cloud, 5_000);
    expect(cloud.sent[2]!.at - from).toBeLessThan(1_000);
    expect(await depth()).toMatchObject({ waiting: 0, done: 3 });
  });
});

describe('a clock that was ahead', () => {
  const DAY_MS = 86_400_000;

  it('keeps nothing waiting that was recorded meanwhile', async () => {
    const { drained, clock, registry, depth } = await passedLot(3);
    const cloud = new ScriptedRegistry(clock, 'cloud', { gatherMs: 500, devicesPerCall: 10 });
    const [entry] = await registry.outbox.due('cloud', Date.now(), 1);
    const failed = { reason: 'unavailable', message: 'HTTP 500', isUnknown: false, isOwn: true } as const;
    const { entryId, version } = entry!;
    const ahead = Date.now() + DAY_MS;
    const result = { entryId, version, fault: failed, at: ahead, pace: cloud.pace };
    await registry.outbox.settle('cloud', [result], {
      failures: 1,
      pausedUntil: ahead,
      reason: 'unavailable',
      message: 'HTTP 500',
    });
    await drained(cloud, 10_000);
    expect(await depth()).toMatchObject({ waiting: 0, done: 3 });
  });

  it('and is set right during a drain, keeps nothing waiting', async () => {
    const { drained, clock, depth } = await passedLot(30);
    const cloud = new ScriptedRegistry(clock, 'cloud', { gatherMs: 500, devicesPerCall: 5, callsAtOnce: 1 });
    clock.startAt(Date.now());
    const { now } = clock;
    let aheadMs = DAY_MS;
    Object.defineProperty(clock, 'now', { value: () => now() + aheadMs });
    cloud.after = () => {
      if (cloud.sent.length >= 10) aheadMs = 0;
      return undefined;
    };
    const from = now();
    await drained(cloud, DAY_MS);
    expect(await depth()).toMatchObject({ waiting: 0, done: 30 });
    expect(now() - from).toBeLessThan(10_000);
  });
});

describe('a device registry that is throttled', () => {
  it('is left alone for as long as it asks', async () => {
    const { drained, clock, depth } = await passedLot(60);
    const cloud = new ScriptedRegistry(clock);
    let said: number | undefined;
    cloud.before = () => {
      if (cloud.sent.length < 20 || (said !== undefined && clock.now() > said + 1_000)) return undefined;
      said ??= clock.now();
      return fault('throttled', { waitMs: 30_000 });
    };
    await drained(cloud);
    const within = cloud.sent.filter(({ at }) => at > said! + 1_000 && at < said! + 30_000);
    expect(within).toEqual([]);
    expect(await depth()).toMatchObject({ waiting: 0, parked: 0, done: 60 });
  });
});

describe('an outcome that is unknown', () => {
  it('is looked at before the call is made again', async () => {
    const { drained, clock, depth, serials } = await passedLot(20);
    const cloud = new ScriptedRegistry(clock);
    const lost = new Set(serials.slice(0, 5));
    cloud.after = ({ serial }) =>
      lost.delete(serial) ? fault('unavailable', { isUnknown: true }) : undefined;
    await drained(cloud);
    expect(cloud.probes).toBe(5);
    // None was put twice.
    expect(cloud.sent).toHaveLength(20);
    expect(await depth()).toMatchObject({ done: 20 });
  });

  it('of a withdrawal is sent again, whatever a look says', async () => {
    const { drained, clock, depth, registry, serials } = await passedLot(2);
    const cloud = new ScriptedRegistry(clock);
    // The put is in doubt too, and was not carried out: a look says that the certificate is absent.
    cloud.before = () => fault('unavailable', { isUnknown: true });
    await drained(cloud, 500);
    const { length: puts } = cloud.sent;
    const revocations = serials.map((serial) => ({
      certificateSerial: registration(serial).certificateSerial,
      reason: 'keyCompromise',
      revokedAt: REVOKED_AT,
    }));
    await registry.applyRevocations({ issuerKey: 'ca', number: 1, revocations });
    const lost = new Set(serials);
    cloud.before = ({ serial }) =>
      lost.delete(serial) ? fault('unavailable', { isUnknown: true }) : undefined;
    await drained(cloud);
    const withdrawn = cloud.sent.slice(puts).map(({ act, serial }) => `${act} ${serial}`);
    expect(withdrawn.toSorted()).toEqual(
      serials.flatMap((serial) => [`withdraw ${serial}`, `withdraw ${serial}`]).toSorted(),
    );
    expect(cloud.probes).toBe(0);
    expect(await depth()).toMatchObject({ waiting: 0, parked: 0, done: 2 });
  });

  it('of a drain that was stopped is no failure', async () => {
    const { drained, clock, depth } = await passedLot(20);
    const cloud = new ScriptedRegistry(clock, 'cloud', { devicesPerSecond: 100 }, 1_000);
    await drained(cloud, 1_500);
    expect(await depth()).toMatchObject({ parked: 0, failures: 0 });
    await drained(cloud);
    expect([cloud.inUse.size, (await depth()).done]).toEqual([20, 20]);
  });
});

describe('a certificate that ends', () => {
  it('is withdrawn everywhere, and never put where it was not', async () => {
    const { drained, clock, registry, depth, serials } = await passedLot(3, ['cloud', 'erp']);
    const [cloud, erp] = [new ScriptedRegistry(clock), new ScriptedRegistry(clock, 'erp')];
    cloud.before = ({ serial }) => (serial === serials[1] ? fault('refused') : undefined);
    await drained(cloud);
    await drained(erp, 60_000);
    expect([cloud.inUse.size, erp.inUse.size]).toEqual([2, 2]);
    expect(await depth('erp')).toMatchObject({ waiting: 1, done: 2 });
    const revocations = serials.map((serial) => ({
      certificateSerial: registration(serial).certificateSerial,
      reason: 'keyCompromise',
      revokedAt: REVOKED_AT,
    }));
    for (const number of [1, 2]) await registry.applyRevocations({ issuerKey: 'ca', number, revocations });
    expect(await depth('erp')).toMatchObject({ waiting: 3, done: 0 });
    cloud.before = () => undefined;
    await drained(cloud);
    await drained(erp);
    expect([cloud.inUse.size, erp.inUse.size]).toEqual([0, 0]);
    expect(erp.sent.map(({ act }) => act)).toEqual(['put', 'put', 'withdraw', 'withdraw', 'withdraw']);
    for (const name of ['cloud', 'erp'])
      expect(await depth(name)).toMatchObject({ waiting: 0, parked: 0, done: 3 });
  });

  it('while it is being put is withdrawn after that', async () => {
    const { drained, clock, registry, serials } = await passedLot(1);
    const cloud = new ScriptedRegistry(clock);
    let revoked: Promise<unknown> | undefined;
    cloud.after = () => {
      revoked ??= registry.applyRevocations({
        issuerKey: 'ca',
        number: 1,
        revocations: [
          {
            certificateSerial: registration(serials[0]!).certificateSerial,
            reason: 'keyCompromise',
            revokedAt: REVOKED_AT,
          },
        ],
      });
      return undefined;
    };
    await drained(cloud);
    expect(cloud.sent.map(({ act }) => act)).toEqual(['put', 'withdraw']);
    expect(cloud.inUse.size).toBe(0);
  });

  it('because another takes its place is withdrawn, one call at a time for a unit', async () => {
    const { drained, clock, registry, serials } = await passedLot(2);
    const cloud = new ScriptedRegistry(clock);
    await drained(cloud);
    const [serial] = serials;
    const next = { ...registration(serial!, 2), boardId: 'ab'.repeat(8), registries: ['cloud'] };
    await registry.registerUnit({ ...next, ...(await inRework(registry, serial!)) });
    const seen: (string | undefined)[] = [];
    cloud.before = (device, act) => {
      seen.push(act, device.inUse, ...device.others);
      return undefined;
    };
    await drained(cloud);
    expect([...cloud.inUse].toSorted()).toEqual([hashOf(serial!, 2), hashOf(serials[1]!)].toSorted());
    expect(seen).toHaveLength(6);
    expect(seen).toContain(hashOf(serial!, 1));
    expect(cloud.mostAtOnce).toBeLessThanOrEqual(2);
  });
});

describe('several device registries', () => {
  it('have a unit one after the other, in the order of the product', async () => {
    const { drained, clock, depth } = await passedLot(5, ['cloud', 'erp']);
    const [cloud, erp] = [new ScriptedRegistry(clock), new ScriptedRegistry(clock, 'erp')];
    await drained(erp, 1_000);
    expect(erp.sent).toEqual([]);
    expect(await depth('erp')).toMatchObject({ waiting: 5 });
    await drained(cloud);
    await drained(erp);
    expect(erp.inUse.size).toBe(5);
  });

  it('continue without a person when the first one is given up for a unit', async () => {
    const { drained, clock, registry } = await passedLot(1, ['cloud', 'erp']);
    const [cloud, erp] = [new ScriptedRegistry(clock), new ScriptedRegistry(clock, 'erp')];
    cloud.before = () => fault('refused');
    await drained(cloud);
    await drained(erp, 1_000);
    expect(erp.sent).toEqual([]);
    await registry.outbox.abandon({ serial: 'CL-000001' }, { reason: 'scrap', by: 'mara' });
    await drained(erp);
    expect(erp.inUse.size).toBe(1);
  });
});
