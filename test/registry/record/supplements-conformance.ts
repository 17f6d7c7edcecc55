import { describe, expect, it } from 'vitest';
import type { EndedChoice } from '../../../provisioning/supplement.ts';
import type { AttemptFailure } from '../../../registry/registry.ts';
import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import { imported, newBatch, registration, rowsOf } from './opened.ts';

const NO_BOARD_BUT_OF_THE_LAST: string[] = [];
NO_BOARD_BUT_OF_THE_LAST[4] = 'b5';

const AT = { step: 'flashCredentials', stationId: 'station-1', socket: 'A2', boardId: 'c0ffee01' } as const;
const failed = (serial: string, code: string, attempt = 1): AttemptFailure => ({
  batchId: 'PO-1',
  serial,
  attempt,
  ...AT,
  code,
  startedAt: '2026-01-01T00:30:00.000Z',
});
const DECISION = {
  verdict: 'rerun',
  reason: 'board at the lab',
  by: 'A. Berg',
  decidedAt: '2026-01-02T00:00:00.000Z',
};

export function describeSupplements(emptyRegistry: () => Promise<SqlRegistry>): void {
  /** CL-1 passed, CL-2 is on HOLD, CL-3 an ERROR, CL-4 scrapped, CL-5 was cancelled before it began; the batch is closed. */
  async function endedBatch(): Promise<SqlRegistry> {
    const registry = await emptyRegistry();
    await imported(registry, '1', ['CL-1', 'CL-2', 'CL-3', 'CL-4', 'CL-5'], NO_BOARD_BUT_OF_THE_LAST);
    await registry.registerUnit(registration('CL-1'));
    await registry.recordOutcome({ ...failed('CL-2', 'BOARD_GONE'), outcome: 'HOLD' });
    await registry.recordOutcome({ ...failed('CL-3', 'UNIT_TERMINATED'), outcome: 'ERROR' });
    await registry.recordOutcome({ ...failed('CL-4', 'KEY_MISMATCH'), outcome: 'FAIL' });
    await registry.endOpenUnits('PO-1', 'HOLD', 'CANCELLED');
    await registry.closeBatch('PO-1');
    return registry;
  }

  const open = (registry: SqlRegistry, number: number, choice: EndedChoice) =>
    registry.openSupplement({ batchId: 'PO-1', number, choice, decision: DECISION });

  const serialsOf = async (registry: SqlRegistry, supplement?: number) =>
    (await registry.chunkRows('PO-1', 1, 250, supplement)).map(({ serial, attempt, outcome }) => [
      serial,
      attempt,
      outcome,
    ]);

  describe('a supplement', () => {
    it.each<[string, EndedChoice, string[], unknown[]]>([
      ['all that may run again', {}, ['CL-2', 'CL-3', 'CL-5'], [{ serial: 'CL-4', why: 'scrapped' }]],
      ['scrapped ones too', { scrapped: true }, ['CL-2', 'CL-3', 'CL-4', 'CL-5'], []],
      ['those with a code', { codes: ['CANCELLED'] }, ['CL-5'], []],
      [
        'those that are named',
        { serials: ['cl-1', 'CL-2', 'CL-4', 'CL-9'] },
        ['CL-2'],
        [
          { serial: 'CL-1', why: 'passed' },
          { serial: 'CL-4', why: 'scrapped' },
          { serial: 'CL-9', why: 'unknown' },
        ],
      ],
      [
        'those that are named with a code',
        { serials: ['CL-2', 'CL-3'], codes: ['BOARD_GONE'] },
        ['CL-2'],
        [{ serial: 'CL-3', why: 'code', detail: 'UNIT_TERMINATED' }],
      ],
    ])('has %s', async (_case, choice, chosen, refused) => {
      const registry = await endedBatch();
      expect(await registry.rerunnable('PO-1', choice)).toEqual({ units: chosen.length, refused });
      expect(await open(registry, 1, choice)).toMatchObject({ number: 1, quantity: chosen.length });
      expect((await serialsOf(registry, 1)).map(([serial]) => serial)).toEqual(chosen);
    });

    it('opens its batch until it is closed, once, and keeps who decided and what its units were', async () => {
      const registry = await endedBatch();
      const opened = await open(registry, 1, { serials: ['CL-2', 'CL-5'] });
      expect(await open(registry, 1, { serials: ['CL-3'] })).toEqual(opened);
      expect(opened).toMatchObject({ reason: 'board at the lab', by: 'A. Berg' });
      expect(await registry.batchSummary('PO-1')).toMatchObject({
        batch: { state: 'open' },
        passed: 1,
        held: 0,
        open: 2,
      });
      expect(await registry.batchSummary('PO-1', 1)).toMatchObject({ passed: 0, open: 2 });
      expect(await serialsOf(registry, 1)).toEqual([
        ['CL-2', 1, undefined],
        ['CL-5', 0, undefined],
      ]);
      // For the first run they have ended as before.
      expect((await serialsOf(registry))[1]).toEqual(['CL-2', undefined, 'HOLD']);
      expect((await registry.unit('CL-2'))!.decisions).toEqual([
        { attempt: 1, detail: 'supplement 1', ...DECISION },
      ]);
      await registry.registerUnit(registration('CL-2', 2));
      await registry.endOpenUnits('PO-1', 'ERROR', 'CHUNK_LOST');
      expect(await registry.unit('CL-5')).not.toHaveProperty('outcome');
      await registry.endOpenUnits('PO-1', 'HOLD', 'CANCELLED', 1);
      await registry.closeBatch('PO-1', 1);
      expect(await registry.batchSummary('PO-1')).toMatchObject({
        batch: { state: 'closed' },
        passed: 2,
        held: 1,
        open: 0,
      });
      expect(await registry.supplements('PO-1')).toEqual([{ ...opened, closedAt: expect.any(String) }]);
    });

    it('does not close a batch whose first run is still open', async () => {
      const registry = await emptyRegistry();
      await imported(registry, '1', ['CL-1', 'CL-2']);
      await registry.recordOutcome({ ...failed('CL-1', 'BOARD_GONE'), outcome: 'HOLD' });
      await open(registry, 1, {});
      await registry.closeBatch('PO-1', 1);
      expect(await registry.batchSummary('PO-1')).toMatchObject({ batch: { state: 'open' } });
      await registry.closeBatch('PO-1');
      expect(await registry.batchSummary('PO-1')).toMatchObject({ batch: { state: 'closed' } });
    });

    it('links its attempts with those before, of which a late report changes nothing', async () => {
      const registry = await endedBatch();
      await open(registry, 1, { serials: ['CL-2'] });
      await registry.recordOutcome({ ...failed('CL-2', 'CANCELLED'), outcome: 'HOLD' });
      await registry.recordAttention(failed('CL-2', 'BOARD_GONE'));
      await expect(registry.registerUnit(registration('CL-2'))).rejects.toMatchObject({
        reason: 'not-active',
      });
      expect(await registry.unit('CL-2')).toMatchObject({ attention: false, lastAttempt: 2, supplement: 1 });
      expect(await registry.unit('CL-2')).not.toHaveProperty('outcome');
      await registry.recordAttention(failed('CL-2', 'SMP_TIMEOUT', 2));
      await registry.registerUnit(registration('CL-2', 3));
      const { attempts } = (await registry.unit('CL-2'))!;
      expect(attempts.map(({ attempt, follows, supplement }) => [attempt, follows, supplement])).toEqual([
        [1, undefined, undefined],
        [2, 1, 1],
        [3, 2, 1],
      ]);
    });
  });

  describe('a unit that was scrapped', () => {
    it('stays so, whatever is reported of a workflow that somebody started again', async () => {
      const registry = await endedBatch();
      const scrapped = await registry.unit('CL-4');
      for (const attempt of [1, 2]) {
        await registry.recordAttention(failed('CL-4', 'UNIT_ENDED', attempt));
        await registry.recordOutcome({ ...failed('CL-4', 'CANCELLED', attempt), outcome: 'HOLD' });
        const passing = registry.registerUnit(registration('CL-4', attempt));
        await expect(passing).rejects.toMatchObject({ reason: 'not-active' });
      }
      expect(await registry.unit('CL-4')).toEqual(scrapped);
    });
  });

  describe('units that were never begun', () => {
    it('are freed: another batch may have serial and board, and the unit stays on record', async () => {
      const registry = await endedBatch();
      const unbegun = await registry.neverBegun('PO-1', 0, 10);
      expect(unbegun).toEqual([{ serial: 'CL-5', row: 5 }]);
      await registry.freeUnits('PO-1', ['CL-5', 'CL-2']);
      await registry.freeUnits('PO-1', ['CL-5']);
      expect(await registry.neverBegun('PO-1', 0, 10)).toEqual([]);
      expect(await registry.registeredSerials(['cl-2', 'cl-5'])).toEqual([{ key: 'cl-2', batchId: 'PO-1' }]);
      expect(await registry.registeredBoards(['b5'])).toEqual([]);
      expect(await registry.unit('CL-5')).toMatchObject({
        batchId: 'PO-1',
        boardId: 'b5',
        outcome: 'HOLD',
        freedAt: expect.any(String),
      });
      const again = await registry.importBatch(newBatch('2', 1), rowsOf(['CL-5'], ['b5']));
      expect(again.status).toBe('imported');
      expect(await registry.chunkRows('PO-2', 1, 250)).toMatchObject([{ serial: 'CL-5', isReused: true }]);
      expect((await registry.chunkRows('PO-1', 1, 250))[0]).not.toHaveProperty('isReused');
      expect(await registry.unit('cl-5')).toMatchObject({ batchId: 'PO-2', boardId: 'b5' });
      expect(await registry.rerunnable('PO-1', { serials: ['CL-5'] })).toEqual({
        units: 0,
        refused: [{ serial: 'CL-5', why: 'taken', detail: 'PO-2' }],
      });
      expect(await registry.rerunnable('PO-1', { codes: ['CANCELLED'] })).toMatchObject({
        refused: [{ serial: 'CL-5', why: 'taken' }],
      });
      expect(await open(registry, 1, { codes: ['CANCELLED'] })).toMatchObject({ quantity: 0 });
    });

    it('that run again after all have their serial and board again', async () => {
      const registry = await endedBatch();
      await registry.freeUnits('PO-1', ['CL-5']);
      expect(await open(registry, 1, { serials: ['CL-5'] })).toMatchObject({ quantity: 1 });
      expect(await registry.registeredSerials(['cl-5'])).toHaveLength(1);
      expect(await registry.registeredBoards(['b5'])).toHaveLength(1);
      const unit = await registry.unit('CL-5');
      expect(unit).toMatchObject({ boardId: 'b5', lastAttempt: 1 });
      expect(unit).not.toHaveProperty('freedAt');
    });
  });

  describe('the result of a unit', () => {
    const rowOf = async (registry: SqlRegistry, serial: string) => {
      for await (const row of registry.resultRows('PO-1')) if (row.serial === serial) return row;
      return undefined;
    };

    it('counts the seconds of its attempts, not those in which it waited', async () => {
      const registry = await emptyRegistry();
      await imported(registry, '1', ['CL-1']);
      await registry.recordAttention(failed('CL-1', 'BOARD_GONE'));
      const { finishedAt } = (await registry.unit('CL-1'))!.attempts[0]!;
      const first = (Date.parse(finishedAt!) - Date.parse('2026-01-01T00:30:00.000Z')) / 1_000;
      const [startedAt, verifiedAt] = ['2999-01-01T01:00:00.000Z', '2999-01-01T01:00:05.000Z'];
      await registry.registerUnit({ ...registration('CL-1', 2), startedAt, verifiedAt });
      expect((await rowOf(registry, 'CL-1'))!.seconds).toBeCloseTo(first + 5, 3);
    });

    it('says what was decided about it, or about its batch where that ended it', async () => {
      const registry = await emptyRegistry();
      await imported(registry, '1', ['CL-1', 'CL-2', 'CL-3']);
      await registry.registerUnit(registration('CL-1'));
      const skip = { ...DECISION, verdict: 'skip', decidedAt: '2026-01-01T00:00:00.000Z' };
      await registry.recordOutcome({ ...failed('CL-2', 'BOARD_GONE'), outcome: 'HOLD', decision: skip });
      await registry.recordBatchDecision('PO-1', {
        ...DECISION,
        verdict: 'cancel',
        reason: 'wrong firmware',
      });
      await registry.endOpenUnits('PO-1', 'HOLD', 'CANCELLED');
      expect(await rowOf(registry, 'CL-1')).not.toHaveProperty('decision');
      expect(await rowOf(registry, 'CL-2')).toMatchObject({
        decision: 'skip',
        reason: 'board at the lab',
        decidedBy: 'A. Berg',
      });
      expect(await rowOf(registry, 'CL-3')).toMatchObject({ decision: 'cancel', reason: 'wrong firmware' });
    });
  });
}
