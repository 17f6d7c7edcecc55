import { describe, expect, it } from 'vitest';
import type { ReworkInput } from '../../../provisioning/rework.ts';
import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import { imported, newBatch, registration } from './opened.ts';

const SERIALS = ['CL-1', 'CL-2', 'CL-3'];
const ASKED: ReworkInput = {
  reworkId: 'RW-1',
  kind: 'renew',
  reason: 'it expires',
  by: 'A. Tester',
  serials: ['CL-1', 'CL-2'],
  signed: '',
};

const unit = (serial: string, attempt = 2) => ({ batchId: 'PO-1', serial, attempt });

export function describeReworks(emptyRegistry: () => Promise<SqlRegistry>): void {
  async function passedRegistry(boards: readonly string[] = []): Promise<SqlRegistry> {
    const registry = await emptyRegistry();
    await imported(registry, '1', SERIALS, boards);
    for (const serial of SERIALS) await registry.registerUnit(registration(serial));
    return registry;
  }

  /** The same key again, as a renewal certifies it. */
  function renewal(serial: string, reworkId = 'RW-1') {
    const { spkiSha256 } = registration(serial);
    return { ...registration(serial, 2), spkiSha256, supersedesAttempt: 1, reworkId };
  }

  describe('a rework', () => {
    it('is opened once, with each unit as it passed', async () => {
      const registry = await passedRegistry();
      const { certificateSha256, spkiSha256, boardId, certificate } = registration('CL-1');
      const opened = await registry.openRework(ASKED);
      expect(opened.units.map(({ serial }) => serial)).toEqual(ASKED.serials);
      expect(opened.units[0]).toMatchObject({
        order: 'PO-1',
        attempt: 2,
        heldBoardId: boardId,
        oldAttempt: 1,
        oldFingerprint: certificateSha256,
        oldSpkiSha256: spkiSha256,
        oldCertificate: Buffer.from(certificate).toString('base64'),
      });
      expect(await registry.openRework(ASKED)).toEqual(opened);
      const other = { ...ASKED, reworkId: 'RW-2', serials: ['CL-3'], order: 'PO-9' };
      expect((await registry.openRework(other)).units[0]).toMatchObject({ order: 'PO-9' });
    });

    it('begins after the last attempt that the signer was asked for, whatever happened to that', async () => {
      const registry = await passedRegistry();
      await registry.recordRelease(unit('CL-1', 4));
      const { units } = await registry.openRework(ASKED);
      expect(units.map(({ attempt }) => attempt)).toEqual([5, 2]);
    });

    it('names every unit that it cannot have, and is not stored then', async () => {
      const registry = await passedRegistry(['beef', '', ''].filter(Boolean));
      await registry.openRework({ ...ASKED, serials: ['CL-2'] });
      const serials = ['CL-2', 'CL-9', 'CL-1'];
      const { refusals } = await registry.openRework({ ...ASKED, reworkId: 'RW-2', kind: 'swap', serials });
      expect(refusals.map(({ serial, why }) => `${serial} ${why}`)).toEqual([
        'CL-2 is in the rework RW-1, which has not ended: see "certline rework show RW-1"',
        'CL-9 is in no batch',
        'CL-1 cannot move to another board: its manifest names its board',
      ]);
      expect(await registry.rework('RW-2')).toBeUndefined();
    });

    it('ends with a certificate for the same key, and says what it took the place of', async () => {
      const registry = await passedRegistry();
      await expect(registry.registerUnit(renewal('CL-3'))).rejects.toMatchObject({
        code: 'REGISTRY_CONFLICT',
      });
      await registry.openRework(ASKED);
      await registry.registerUnit(renewal('CL-1'));
      await registry.registerUnit(renewal('CL-1'));
      const { certificates, attempts, reworks } = (await registry.unit('CL-1'))!;
      expect(certificates.map(({ state }) => state)).toEqual(['superseded', 'active']);
      expect(certificates[1]?.supersedes).toBe(certificates[0]?.certificateSha256);
      expect(attempts.map(({ cause, reworkId }) => [cause, reworkId])).toEqual([
        ['first', undefined],
        ['rework', 'RW-1'],
      ]);
      expect(reworks).toMatchObject([{ reworkId: 'RW-1', by: 'A. Tester', isOpen: false, result: 'done' }]);
      expect((await registry.rework('RW-1'))?.closedAt).toBeUndefined();
      expect(await registry.attemptCounts('PO-1')).toEqual({ firstPass: 3, retests: 0, reworks: 1 });
    });

    it('that waits leaves the unit as it passed, and may be given up', async () => {
      const registry = await passedRegistry();
      await registry.openRework(ASKED);
      const failure = { step: 'flashCredentials', code: 'BOARD_GONE' } as const;
      await registry.recordReworkFailure({ reworkId: 'RW-1', unit: unit('CL-2'), failure });
      expect((await registry.rework('RW-1'))?.units[1]).toMatchObject({
        attention: true,
        code: 'BOARD_GONE',
      });
      expect(await registry.unit('CL-2')).toMatchObject({ outcome: 'PASS', attention: false });
      for (let time = 0; time < 2; time += 1)
        await registry.endReworkUnit({ reworkId: 'RW-1', unit: unit('CL-2'), result: 'kept' });
      const { outcome, certificates } = (await registry.unit('CL-2'))!;
      expect([outcome, certificates.map(({ state }) => state)]).toEqual(['PASS', ['active']]);
      // The signer signs nothing more for the attempts of a rework that was given up.
      const again = await registry.openRework({ ...ASKED, reworkId: 'RW-2', serials: ['CL-2'] });
      expect(again.units[0]?.attempt).toBe(3);
    });

    it('that wiped a board has no active certificate, and ends with an outcome', async () => {
      const registry = await passedRegistry();
      await registry.openRework({ ...ASKED, kind: 'rekey' });
      await registry.recordWipe({ reworkId: 'RW-1', unit: unit('CL-1') });
      const states = async (serial: string) =>
        (await registry.unit(serial))?.certificates.map(({ state }) => state);
      expect(await states('CL-1')).toEqual(['superseded']);
      const outcome = { outcome: 'HOLD', code: 'BOARD_GONE' } as const;
      await registry.endReworkUnit({ reworkId: 'RW-1', unit: unit('CL-1'), result: 'ended', outcome });
      expect(await registry.unit('CL-1')).toMatchObject(outcome);
      const scrapped = { outcome: 'FAIL', code: 'SCRAPPED' } as const;
      await registry.endReworkUnit({
        reworkId: 'RW-1',
        unit: unit('CL-2'),
        result: 'done',
        outcome: scrapped,
      });
      expect(await states('CL-2')).toEqual(['revoked']);
      const summary = await registry.batchSummary('PO-1');
      expect([summary.passed, summary.failed, summary.held]).toEqual([1, 1, 1]);
      expect(await registry.attemptCounts('PO-1')).toMatchObject({ firstPass: 3 });
    });

    it('that the signer refuses changes nothing', async () => {
      const registry = await passedRegistry();
      await registry.openRework(ASKED);
      await registry.refuseRework({ reworkId: 'RW-1', code: 'QUOTA_EXCEEDED', message: 'sign a revision' });
      expect(await registry.reworks()).toMatchObject([{ refusal: 'sign a revision', units: [{}, {}] }]);
      expect((await registry.openRework({ ...ASKED, reworkId: 'RW-2' })).units[0]?.attempt).toBe(2);
    });

    it('is apart from a retest on the same board, and like another board', async () => {
      const registry = await emptyRegistry();
      await imported(registry, '1', SERIALS);
      const failed = {
        step: 'verifyReadback',
        code: 'READ_BACK_DIFFERS',
        stationId: 's',
        socket: '1',
      } as const;
      const { boardId } = registration('CL-1');
      await registry.recordAttention({ ...unit('CL-1', 1), ...failed, boardId });
      await registry.registerUnit(registration('CL-1', 2));
      await registry.recordAttention({ ...unit('CL-2', 1), ...failed, boardId: 'another' });
      await registry.registerUnit(registration('CL-2', 2));
      await registry.registerUnit(registration('CL-3'));
      expect(await registry.attemptCounts('PO-1')).toEqual({ firstPass: 1, retests: 1, reworks: 1 });
      expect((await registry.unit('CL-1'))?.attempts.map(({ cause }) => cause)).toEqual(['first', 'retest']);
      expect((await registry.unit('CL-2'))?.attempts.map(({ cause }) => cause)).toEqual(['first', 'rework']);
    });

    it('numbers the results of a batch once they are written', async () => {
      const registry = await passedRegistry();
      const nextVersion = async (): Promise<number> => (await registry.nextResult('PO-1')).version;
      expect([await nextVersion(), await nextVersion()]).toEqual([1, 1]);
      expect(await registry.numberResult('PO-1', 1)).toBe(true);
      // Another process had the same number.
      expect(await registry.numberResult('PO-1', 1)).toBe(false);
      expect(await registry.batch('PO-1')).toMatchObject({ resultVersion: 1 });
      expect(await nextVersion()).toBe(2);
      await expect(registry.nextResult('PO-404')).rejects.toMatchObject({ code: 'REGISTRY_FAULT' });
    });

    it('of a board that is labelled again: each of its serials names the other', async () => {
      const registry = await passedRegistry();
      await registry.openRework({ ...ASKED, kind: 'scrap', serials: ['CL-1'] });
      const outcome = { outcome: 'FAIL', code: 'SCRAPPED' } as const;
      await registry.endReworkUnit({ reworkId: 'RW-1', unit: unit('CL-1'), result: 'done', outcome });
      const { batchId } = newBatch('2', 1);
      await imported(registry, '2', ['NEW-1']);
      const { boardId } = registration('CL-1');
      await registry.registerUnit({ ...registration('NEW-1'), batchId, boardId });
      expect(await registry.unitsOnSameBoards('new-1')).toMatchObject([
        { serial: 'CL-1', boardId, outcome: 'FAIL' },
      ]);
      expect(await registry.unitsOnSameBoards('CL-1')).toMatchObject([{ serial: 'NEW-1', outcome: 'PASS' }]);
      expect(await registry.unitsOnSameBoards('CL-2')).toEqual([]);
      expect(await registry.serialsWith(boardId)).toEqual(['CL-1', 'NEW-1']);
      const { certificateSerial } = registration('NEW-1');
      expect(await registry.serialsWith(certificateSerial)).toEqual(['NEW-1']);
      expect(await registry.serialsWith('00')).toEqual([]);
    });
  });
}
