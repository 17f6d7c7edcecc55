import { describe, expect, it } from 'vitest';
import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import type { Registration, UnregisteredCertificate } from '../../../registry/registry.ts';
import { imported, inRework, registration } from './opened.ts';

const LATER = 8_000_000_000_000;
const WELL = { failures: 0, pausedUntil: 0 };
const PACE = { firstPauseMs: 1_000, longestPauseMs: 60_000 };
const DECIDED_AT = '2026-01-01T00:00:00.000Z';
const UNIT = { batchId: 'PO-1', serial: 'CL-1' };

/** What was signed in this attempt, and works at the cloud before anybody registers it. */
function signed(attempt = 1): UnregisteredCertificate {
  const { boardId, certificate, certificateSha256 } = registration('CL-1', attempt);
  return { boardId, certificate, certificateSha256, liveAt: ['cloud'] };
}

const failure = (attempt: number) =>
  ({ ...UNIT, attempt, step: 'verifyReadback', code: 'READ_BACK_DIFFERS', boardId: 'ab' }) as const;

/** A product whose cloud trusts the CA; another of its registries does not. */
const passed = (attempt: number): Registration => ({
  ...registration('CL-1', attempt),
  registries: ['cloud', 'erp'],
});

export function describeUnregistered(opened: () => Promise<SqlRegistry>): void {
  async function openRegistry(): Promise<SqlRegistry> {
    const registry = await opened();
    await imported(registry, '1', ['CL-1', 'CL-2']);
    return registry;
  }

  /** What is to be done now, in the order in which it is asked for; each is done at once. */
  async function sent({ outbox }: SqlRegistry, name = 'cloud'): Promise<string[]> {
    const due = await outbox.due(name, LATER, 10);
    const results = due.map(({ entryId, version }) => ({ entryId, version, at: LATER, pace: PACE }));
    await outbox.settle(name, results, WELL);
    return due.map(({ act, device: { certificate, inUse, continues } }) => {
      const how = [inUse !== undefined && 'in use', continues && 'continues'].filter(Boolean);
      return [act, Buffer.from(certificate).toString().slice(-1), ...how].join(' ');
    });
  }

  const HOLD = { outcome: 'HOLD', code: 'READ_BACK_DIFFERS' } as const;

  describe('a certificate that was signed and not registered', () => {
    it('is withdrawn when its unit ends without a pass, and not before', async () => {
      const registry = await openRegistry();
      await registry.noteUnregistered(UNIT, signed());
      await registry.recordAttention(failure(1));
      expect(await sent(registry)).toEqual([]);
      for (let time = 0; time < 2; time += 1) await registry.recordOutcome({ ...failure(1), ...HOLD });
      expect(await registry.outbox.openOf('PO-1')).toEqual([{ registry: 'cloud', waiting: 1, parked: 0 }]);
      const [entry] = await registry.outbox.due('cloud', LATER, 10);
      const { boardId, certificate, certificateSha256 } = signed();
      expect(entry).toMatchObject({
        act: 'withdraw',
        device: { ...UNIT, product: 'node', boardId, certificateSha256, others: [] },
      });
      expect(entry!.device.certificate).toEqual(new Uint8Array(certificate));
      expect(await sent(registry)).toEqual(['withdraw 1']);
      expect(await sent(registry, 'erp')).toEqual([]);
      expect(await registry.unit('CL-1')).toMatchObject({ outcome: 'HOLD', certificates: [] });
      expect(await registry.certifiedBoards('PO-1')).toBe(0);
    });

    it('is withdrawn at once when its unit has ended already', async () => {
      const registry = await openRegistry();
      await registry.recordOutcome({ ...failure(1), ...HOLD });
      for (let time = 0; time < 2; time += 1) await registry.noteUnregistered(UNIT, signed());
      expect(await sent(registry)).toEqual(['withdraw 1']);
      await registry.noteUnregistered(UNIT, signed());
      expect(await sent(registry)).toEqual([]);
    });

    it('is withdrawn when its batch ends and nobody knows of the unit any more', async () => {
      const registry = await openRegistry();
      await registry.noteUnregistered(UNIT, signed());
      await registry.endOpenUnits('PO-1', 'ERROR', 'CHUNK_LOST');
      expect(await sent(registry)).toEqual(['withdraw 1']);
    });

    it('of each attempt is withdrawn', async () => {
      const registry = await openRegistry();
      for (const attempt of [1, 2]) await registry.noteUnregistered(UNIT, signed(attempt));
      await registry.recordOutcome({ ...failure(2), outcome: 'FAIL' });
      const due = await registry.outbox.due('cloud', LATER, 10);
      expect(due.map(({ device: { others } }) => others.length)).toEqual([1, 1]);
      expect((await sent(registry)).toSorted()).toEqual(['withdraw 1', 'withdraw 2']);
    });

    it.each([
      ['its attempt failed', true],
      ['nothing is recorded of its attempt, as where the unit was reset', false],
    ])(
      'of a unit that passed with another one is withdrawn, and the name stays that of a unit in use: %s',
      async (_how, isRecorded) => {
        const registry = await openRegistry();
        await registry.noteUnregistered(UNIT, signed(1));
        if (isRecorded) await registry.recordAttention(failure(1));
        await registry.registerUnit(passed(2));
        expect((await sent(registry)).toSorted()).toEqual(['put 2', 'withdraw 1 in use']);
        expect(await sent(registry, 'erp')).toEqual(['put 2']);
      },
    );

    it('is meant no more once it is registered', async () => {
      const registry = await openRegistry();
      await registry.noteUnregistered(UNIT, signed());
      await registry.recordAttention({ ...failure(1), step: 'registerDevice' });
      await registry.registerUnit(passed(1));
      await registry.noteUnregistered(UNIT, signed());
      expect(await sent(registry)).toEqual(['put 1']);
    });

    it('of a unit that runs again is withdrawn, and the name is good until the unit has ended again', async () => {
      const registry = await openRegistry();
      await registry.noteUnregistered(UNIT, signed());
      await registry.recordOutcome({ ...failure(1), ...HOLD });
      expect(await sent(registry)).toEqual(['withdraw 1']);
      const decision = { verdict: 'rerun', decidedAt: DECIDED_AT };
      await registry.openSupplement({ batchId: 'PO-1', number: 1, choice: {}, decision });
      expect(await sent(registry)).toEqual(['withdraw 1 continues']);
      // It came to no certificate.
      await registry.recordOutcome({ ...failure(2), ...HOLD, code: 'NO_BOARD' });
      expect(await sent(registry)).toEqual(['withdraw 1']);
      await registry.openSupplement({ batchId: 'PO-1', number: 2, choice: {}, decision });
      await registry.registerUnit(passed(3));
      expect((await sent(registry)).toSorted()).toEqual(['put 3', 'withdraw 1 in use']);
    });

    it('while its withdrawal is under way is withdrawn again when its unit runs again', async () => {
      const registry = await openRegistry();
      const { outbox } = registry;
      await registry.noteUnregistered(UNIT, signed());
      await registry.recordOutcome({ ...failure(1), ...HOLD });
      const [{ entryId, version } = { entryId: 0, version: 0 }] = await outbox.due('cloud', LATER, 1);
      const decision = { verdict: 'rerun', decidedAt: DECIDED_AT };
      await registry.openSupplement({ batchId: 'PO-1', number: 1, choice: {}, decision });
      await outbox.settle('cloud', [{ entryId, version, at: LATER, pace: PACE }], WELL);
      expect(await sent(registry)).toEqual(['withdraw 1 continues']);
    });
  });

  describe('a unit whose board gets another key', () => {
    const REWORK = 'RW-1';
    const asked = { reworkId: REWORK, kind: 'rekey', reason: 'r', by: 'b', signed: '' } as const;
    const unit = { ...UNIT, attempt: 2 };

    async function wipedRegistry(): Promise<SqlRegistry> {
      const registry = await openRegistry();
      await registry.registerUnit(passed(1));
      expect(await sent(registry)).toEqual(['put 1']);
      expect(await sent(registry, 'erp')).toEqual(['put 1']);
      await registry.openRework({ ...asked, serials: ['CL-1'] });
      await registry.recordWipe({ reworkId: REWORK, unit });
      return registry;
    }

    it('loses its old certificate at once, and its name only when it gets no other one', async () => {
      const registry = await wipedRegistry();
      for (const name of ['cloud', 'erp'])
        expect(await sent(registry, name)).toEqual(['withdraw 1 continues']);
      await registry.noteUnregistered(UNIT, signed(2));
      const { step, code } = failure(2);
      await registry.recordReworkFailure({ reworkId: REWORK, unit, failure: { step, code } });
      expect(await sent(registry)).toEqual([]);
      await registry.endReworkUnit({ reworkId: REWORK, unit, result: 'ended', outcome: HOLD });
      expect((await sent(registry)).toSorted()).toEqual(['withdraw 1', 'withdraw 2']);
      expect(await sent(registry, 'erp')).toEqual(['withdraw 1']);
    });

    it('has its name with the new certificate', async () => {
      const registry = await wipedRegistry();
      const next = { ...passed(2), supersedesAttempt: 1, reworkId: REWORK };
      await registry.registerUnit(next);
      expect((await sent(registry)).toSorted()).toEqual(['put 2', 'withdraw 1 in use']);
      expect(await registry.unit('CL-1')).toMatchObject({ outcome: 'PASS' });
    });

    it('loses its name when a person revokes it meanwhile', async () => {
      const registry = await openRegistry();
      await registry.registerUnit(passed(1));
      await registry.openRework({ ...asked, serials: ['CL-1'] });
      const { certificateSerial } = registration('CL-1');
      const revocations = [{ certificateSerial, reason: 'keyCompromise', revokedAt: DECIDED_AT }];
      await registry.applyRevocations({ issuerKey: 'ca', number: 1, revocations });
      expect(await sent(registry)).toEqual(['withdraw 1']);
    });
  });

  it('a rework that is given up withdraws what was signed in it, and the unit keeps its name', async () => {
    const registry = await openRegistry();
    await registry.registerUnit(passed(1));
    const { reworkId = '' } = await inRework(registry, 'CL-1');
    await registry.noteUnregistered(UNIT, signed(2));
    expect(await sent(registry)).toEqual(['put 1']);
    await registry.endReworkUnit({ reworkId, unit: { ...UNIT, attempt: 2 }, result: 'kept' });
    expect(await sent(registry)).toEqual(['withdraw 2 in use']);
  });
}
