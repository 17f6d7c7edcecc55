import { describe, expect, it } from 'vitest';
import { SECOND_LOOK_MS } from '../../../registry/outbox.ts';
import type { OutboxEntry, OutboxResult } from '../../../registry/outbox.ts';
import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import { imported, registration } from './opened.ts';

const WELL = { failures: 0, pausedUntil: 0 };
const PACE = { firstPauseMs: 1_000, longestPauseMs: 60_000 };
const LATER = 8_000_000_000_000;
const WHY = { reason: 'sold', by: 'A. Berg' };

const result = (
  { entryId, version }: { readonly entryId: number; readonly version: number },
  fault?: OutboxResult['fault'],
): OutboxResult => ({ entryId, version, at: LATER, pace: PACE, ...(fault && { fault }) });

export function describeOutbox(opened: () => Promise<SqlRegistry>): void {
  async function passedRegistry(): Promise<SqlRegistry> {
    const registry = await opened();
    await imported(registry, '1', ['CL-1', 'CL-2']);
    for (const serial of ['CL-1', 'CL-2'])
      await registry.registerUnit({ ...registration(serial), registries: ['first', 'second'] });
    return registry;
  }

  describe('the outbox', () => {
    it('has an entry for each device registry in turn, until all have the unit', async () => {
      const { outbox } = await passedRegistry();
      const due = await outbox.due('first', LATER, 10);
      expect(due.map(({ device, act }) => [device.serial, act])).toEqual([
        ['CL-1', 'put'],
        ['CL-2', 'put'],
      ]);
      expect(due[0]!.device.certificate).toEqual(new Uint8Array(registration('CL-1').certificate));
      expect(await outbox.due('second', LATER, 10)).toEqual([]);
      await outbox.settle(
        'first',
        due.map((entry) => result(entry)),
        WELL,
      );
      expect(await outbox.due('second', LATER + 1, 1)).toMatchObject([{ device: { serial: 'CL-1' } }]);
      expect(await outbox.openOf('PO-1')).toEqual([{ registry: 'second', waiting: 2, parked: 0 }]);
      expect(await outbox.depths()).toMatchObject([
        { registry: 'first', waiting: 0, done: 2 },
        { registry: 'second', waiting: 2, done: 0, oldestAt: expect.any(Number) },
      ]);
    });

    it('parks what a device registry refuses, for a person to decide', async () => {
      const { outbox } = await passedRegistry();
      const [one, other] = await outbox.due('first', LATER, 10);
      const fault = { reason: 'refused', message: 'no such project', isUnknown: false, isOwn: true } as const;
      await outbox.settle('first', [result(one!, fault), result(other!, fault)], WELL);
      expect(await outbox.parked(10)).toMatchObject([
        { serial: 'CL-1', reason: 'refused', failedAt: LATER },
        { serial: 'CL-2' },
      ]);
      expect(await outbox.retry({ serial: 'cl-1' })).toBe(1);
      expect(await outbox.abandon({ serial: 'CL-2', registry: 'first' }, WHY)).toBe(1);
      expect(await outbox.openOf('PO-1')).toEqual([
        { registry: 'first', waiting: 1, parked: 0 },
        { registry: 'second', waiting: 2, parked: 0 },
      ]);
      expect(await outbox.due('second', LATER, 10)).toMatchObject([{ device: { serial: 'CL-2' } }]);
    });

    it('gives up what a person names, tried or not, and the next device registry has its turn', async () => {
      const registry = await opened();
      const { outbox } = registry;
      await imported(registry, '1', ['CL-1', 'CL-2']);
      for (const serial of ['CL-1', 'CL-2'])
        await registry.registerUnit({ ...registration(serial), registries: ['first', 'second', 'third'] });
      // While the first one has not had its turn, what comes after the second one waits for it still.
      expect(await outbox.abandon({ registry: 'second', serial: 'cl-1' }, WHY)).toBe(1);
      expect(await outbox.due('third', LATER, 10)).toEqual([]);
      const [one] = await outbox.due('first', LATER, 10);
      const fault = { reason: 'unavailable', message: 'HTTP 500', isUnknown: false, isOwn: false } as const;
      await outbox.settle('first', [result(one!, fault)], WELL);
      expect(await outbox.abandon({ registry: 'first' }, WHY)).toBe(2);
      expect(await outbox.due('second', LATER, 10)).toMatchObject([{ device: { serial: 'CL-2' } }]);
      expect(await outbox.due('third', LATER, 10)).toMatchObject([{ device: { serial: 'CL-1' } }]);
      expect(await outbox.openOf('PO-1')).toEqual([
        { registry: 'second', waiting: 1, parked: 0 },
        { registry: 'third', waiting: 2, parked: 0 },
      ]);
      // A call that was under way says nothing about what was given up.
      await outbox.settle('first', [result(one!)], WELL);
      expect(await outbox.depths()).toMatchObject([{ registry: 'first', abandoned: 2 }, {}, {}]);
      expect(await outbox.abandon({ serial: 'CL-2' }, WHY)).toBe(1);
      expect(await outbox.due('third', LATER, 10)).toHaveLength(2);
      expect(await outbox.abandon({ serial: 'CL-1' }, WHY)).toBe(1);
      expect(await outbox.abandon({ serial: 'CL-1' }, WHY)).toBe(0);
    });

    it('believes no time that a clock wrote which was ahead', async () => {
      const { outbox } = await passedRegistry();
      const now = Date.now();
      const [one, other] = await outbox.due('first', LATER, 10);
      const fault = { reason: 'unavailable', message: 'HTTP 500', isUnknown: false, isOwn: true } as const;
      const ahead = now + 86_400_000;
      await outbox.settle('first', [{ ...result(one!, fault), at: ahead }], WELL);
      expect((await outbox.due('first', now, 10)).map(({ entryId }) => entryId)).toEqual([
        other!.entryId,
        one!.entryId,
      ]);
      // What a device registry may ask for is waited for, and a person need not wait.
      const pace = { firstPauseMs: 1_800_000, longestPauseMs: 1_800_000 };
      await outbox.settle('first', [{ ...result(one!, fault), at: now, pace }], WELL);
      expect(await outbox.due('first', now, 10)).toHaveLength(1);
      expect(await outbox.retry({ serial: 'CL-1' })).toBe(1);
      expect(await outbox.due('first', Date.now(), 10)).toHaveLength(2);
      expect(await outbox.retry({})).toBe(0);
    });

    it('calls back what was revoked, and a result for what it was before changes nothing', async () => {
      const registry = await passedRegistry();
      const { outbox } = registry;
      const [put] = await outbox.due('first', LATER, 1);
      const { certificateSerial } = registration('CL-1');
      const revocations = [
        { certificateSerial, reason: 'keyCompromise', revokedAt: '2026-02-01T00:00:00.000Z' },
      ];
      await registry.applyRevocations({ issuerKey: 'ca', number: 1, revocations });
      await outbox.settle('first', [result(put!)], WELL);
      const due = await outbox.due('first', LATER, 10);
      expect(new Set(due.map(({ device, act }) => `${act} ${device.serial}`))).toEqual(
        new Set(['withdraw CL-1', 'put CL-2']),
      );
      // It was never put there, and a registry that trusts the CA takes it nevertheless.
      expect(await outbox.due('second', LATER, 10)).toMatchObject([
        { act: 'withdraw', device: { serial: 'CL-1' } },
      ]);
    });

    it('calls back what was put with an outcome in doubt, and has no doubt about the withdrawal', async () => {
      const registry = await passedRegistry();
      const { outbox } = registry;
      const [put] = await outbox.due('first', LATER, 1);
      const fault = { reason: 'unavailable', message: 'No answer.', isUnknown: true, isOwn: false } as const;
      await outbox.settle('first', [result(put!, fault)], WELL);
      const { certificateSerial } = registration('CL-1');
      const revocations = [
        { certificateSerial, reason: 'keyCompromise', revokedAt: '2026-02-01T00:00:00.000Z' },
      ];
      await registry.applyRevocations({ issuerKey: 'ca', number: 1, revocations });
      const due = await outbox.due('first', LATER, 10);
      expect(due.find(({ entryId }) => entryId === put!.entryId)).toMatchObject({
        act: 'withdraw',
        isUnknown: false,
      });
    });

    it('has done what seems so already only when a second look says so, later', async () => {
      const registry = await passedRegistry();
      const { outbox } = registry;
      const put = await outbox.due('first', LATER, 10);
      await outbox.settle(
        'first',
        put.map((entry) => result(entry)),
        WELL,
      );
      const { certificateSerial } = registration('CL-1');
      const revocations = [{ certificateSerial, reason: 'keyCompromise', revokedAt: '2026-02-01T00:00:00Z' }];
      await registry.applyRevocations({ issuerKey: 'ca', number: 1, revocations });
      const withdrawn = async (now: number): Promise<OutboxEntry | undefined> =>
        (await outbox.due('first', now, 10)).find(({ act }) => act === 'withdraw');
      const unsure = async (now: number): Promise<void> =>
        await outbox.settle('first', [{ ...result((await withdrawn(now))!), at: now, isUnsure: true }], WELL);
      const now = Date.now();
      await unsure(now);
      expect(await withdrawn(now + SECOND_LOOK_MS - 1)).toBeUndefined();
      // However often a person wants all sent again at once, it keeps its time.
      expect(await outbox.retry({ registry: 'first' })).toBe(0);
      expect(await outbox.depths()).toMatchObject([{ registry: 'first', waiting: 1, done: 1 }, {}]);
      await unsure(now + 2 * SECOND_LOOK_MS);
      expect(await outbox.depths()).toMatchObject([{ registry: 'first', waiting: 0, done: 2 }, {}]);
    });

    it('keeps the account that was the first, however the configuration changes', async () => {
      const { outbox } = await passedRegistry();
      // It has devices of before accounts were kept.
      const [first] = await outbox.due('first', LATER, 1);
      await outbox.settle('first', [result(first!)], WELL);
      expect((await outbox.backlog())[0]).not.toHaveProperty('account');
      expect(await outbox.keepAccount('first', 'golioth one')).toEqual({
        account: 'golioth one',
        isNew: true,
      });
      expect(await outbox.keepAccount('first', 'golioth one')).toEqual({
        account: 'golioth one',
        isNew: false,
      });
      for (const other of ['golioth two', undefined])
        expect(await outbox.keepAccount('first', other)).toEqual({ account: 'golioth one', isNew: false });
      await outbox.settle('first', [], {
        failures: 1,
        pausedUntil: LATER,
        reason: 'credentials',
        message: 'm',
      });
      await outbox.book('first', LATER, 1, 1);
      await outbox.retry({});
      expect(await outbox.keepAccount('second', 'golioth two')).toMatchObject({ account: 'golioth two' });
      expect(await outbox.backlog()).toMatchObject([{ account: 'golioth one' }, { account: 'golioth two' }]);
      expect(await outbox.depths()).toMatchObject([{ account: 'golioth one' }, { account: 'golioth two' }]);
    });

    it('keeps no account of a device registry that has none, and takes one later', async () => {
      const { outbox } = await passedRegistry();
      expect(await outbox.keepAccount('first', undefined)).toEqual({ isNew: false });
      expect(await outbox.keepAccount('first', 'golioth one')).toEqual({
        account: 'golioth one',
        isNew: true,
      });
    });

    it('forgets an account that got nothing, and no other one', async () => {
      const { outbox } = await passedRegistry();
      await outbox.keepAccount('first', 'golioth typo');
      await outbox.forgetAccount('first', 'golioth one');
      expect(await outbox.keepAccount('first', 'golioth one')).toMatchObject({ account: 'golioth typo' });
      await outbox.forgetAccount('first', 'golioth typo');
      expect(await outbox.keepAccount('first', 'golioth one')).toEqual({
        account: 'golioth one',
        isNew: true,
      });
    });

    it('says what is not done, however much is', async () => {
      const { outbox } = await passedRegistry();
      expect(await outbox.backlog()).toEqual([]);
      const [first] = await outbox.due('first', LATER, 1);
      await outbox.settle('first', [result(first!)], WELL);
      await outbox.book('third', LATER, 1, 1);
      expect(await outbox.backlog()).toEqual([
        { registry: 'first', waiting: 1, parked: 0, oldestAt: expect.any(Number) },
        { registry: 'third', waiting: 0, parked: 0 },
      ]);
    });

    it('gives the same time to nobody else', async () => {
      const { outbox } = await passedRegistry();
      const booked = await Promise.all([1, 2, 3].map(() => outbox.book('first', LATER, 3, 7)));
      expect(booked.map((from) => Math.round(from - LATER)).toSorted((a, b) => a - b)).toEqual([0, 429, 857]);
      expect(await outbox.standing('first')).toEqual(WELL);
    });

    it('believes no time that a clock booked which was ahead', async () => {
      const { outbox } = await passedRegistry();
      const day = 86_400_000;
      await outbox.book('first', LATER + day, 1, 1);
      expect(await outbox.book('first', LATER, 60, 1)).toBe(LATER);
      // Two minutes ahead is what a drain books.
      expect(await outbox.book('first', LATER, 60, 1)).toBe(LATER + 60_000);
      expect(await outbox.book('first', LATER, 60, 1)).toBe(LATER + 120_000);
      // At a slow rate one device takes longer than that.
      expect(await outbox.book('slow', LATER, 1, 0.001)).toBe(LATER);
      expect(await outbox.book('slow', LATER, 1, 0.001)).toBe(LATER + 1_000_000);
    });

    it('forgets what is booked when a person tries again', async () => {
      const { outbox } = await passedRegistry();
      for (const name of ['first', 'second']) await outbox.book(name, LATER, 300, 1);
      await outbox.retry({ registry: 'first' });
      expect(await outbox.book('first', LATER, 1, 1)).toBe(LATER);
      expect(await outbox.book('second', LATER, 1, 1)).toBe(LATER + 300_000);
      await outbox.retry({});
      expect(await outbox.book('second', LATER, 1, 1)).toBe(LATER);
    });
  });
}
