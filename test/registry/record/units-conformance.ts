import { describe, expect, it } from 'vitest';
import type { AttemptFailure } from '../../../registry/registry.ts';
import type { RegistryError } from '../../../registry/registry-error.ts';
import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import { inRework, imported, newBatch, registration, rowsOf, serialsFrom } from './opened.ts';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function failure(serial: string, attempt = 1): AttemptFailure {
  return {
    batchId: 'PO-1',
    serial,
    attempt,
    step: 'flashCredentials',
    code: 'SMP_TIMEOUT',
    reason: 'no answer',
    stationId: 'station-1',
    socket: 'A2',
    boardId: 'c0ffee01',
    startedAt: '2026-01-01T00:30:00.000Z',
  };
}

export function describeUnits(opened: () => Promise<SqlRegistry>): void {
  describe('a batch', () => {
    it('is stored with all its rows, in order, and read in chunks', async () => {
      const registry = await opened();
      const serials = serialsFrom(1, 7);
      const result = await imported(registry, '1', serials, ['aa01']);
      expect(result).toEqual({
        status: 'imported',
        batch: { ...newBatch('1', 7), state: 'open', importedAt: expect.stringMatching(ISO) },
      });
      expect(await registry.chunkRows('PO-1', 1, 3)).toEqual([
        { serial: 'CL-000001', product: 'node', boardId: 'aa01' },
        { serial: 'CL-000002', product: 'node' },
        { serial: 'CL-000003', product: 'node' },
      ]);
      expect((await registry.chunkRows('PO-1', 3, 3)).map((row) => row.serial)).toEqual(['CL-000007']);
      expect(await registry.chunkRows('PO-1', 4, 3)).toEqual([]);
    });

    it('keeps the priority that its manifest asks for', async () => {
      const registry = await opened();
      await registry.importBatch({ ...newBatch('1', 1), priority: 2 }, rowsOf(['CL-1']));
      await imported(registry, '2', ['CL-2']);
      expect(await registry.batch('PO-1')).toMatchObject({ priority: 2 });
      expect(await registry.batch('PO-2')).not.toHaveProperty('priority');
    });

    it('with the same content is the batch that is there', async () => {
      const registry = await opened();
      const first = await imported(registry, '1', serialsFrom(1, 3));
      await registry.recordStart('PO-1');
      const again = await registry.importBatch(
        { ...newBatch('1', 3), manifest: 'copy.csv' },
        rowsOf(serialsFrom(1, 3)),
      );
      expect(again).toEqual({
        status: 'imported',
        batch: { ...(first.status === 'imported' && first.batch), startedAt: expect.stringMatching(ISO) },
      });
      expect(await registry.listBatches()).toHaveLength(1);
    });

    it('that wants a serial or a board of another one is not stored, and each of them is named', async () => {
      const registry = await opened();
      await imported(registry, '1', ['CL-1', 'CL-2', 'CL-3'], ['aa', 'bb']);
      expect(await imported(registry, '2', ['cl-2', 'CL-4', 'CL-3'], ['cc', 'aa', 'dd'])).toEqual({
        status: 'taken',
        conflicts: [
          { key: 'cl-2', batchId: 'PO-1' },
          { key: 'cl-3', batchId: 'PO-1' },
          { key: 'aa', batchId: 'PO-1' },
        ],
      });
      expect(await registry.unit('CL-4')).toBeUndefined();
      expect(await registry.registeredSerials(['cl-1', 'cl-4'])).toEqual([{ key: 'cl-1', batchId: 'PO-1' }]);
      expect(await registry.registeredBoards(['bb', 'cc'])).toEqual([{ key: 'bb', batchId: 'PO-1' }]);
    });

    it('has its rows as the manifest had them, until the units give their serials back', async () => {
      const registry = await opened();
      const row = { product: 'node', attrs: { b: 'ü,"', a: '' } };
      async function* rows(): ReturnType<typeof rowsOf> {
        yield { serial: 'CL-1', ...row, boardId: 'aa' };
        yield { serial: 'CL-2', ...row };
      }
      await registry.importBatch(newBatch('1', 2), rows());
      const staged = await registry.stageBatch('PO-2');
      await staged.add([{ serial: 'CL-3', ...row }]);
      const all = ['cl-1', 'cl-2', 'cl-3', 'cl-4'];
      expect(await registry.registeredRows(all)).toEqual([
        { batchId: 'PO-1', serial: 'CL-1', ...row, boardId: 'aa' },
        { batchId: 'PO-1', serial: 'CL-2', ...row },
      ]);
      expect(await registry.freedUnits('PO-1')).toBe(0);
      await registry.endOpenUnits('PO-1', 'HOLD', 'CANCELLED');
      await registry.freeUnits('PO-1', ['CL-1']);
      expect((await registry.registeredRows(all)).map(({ serial }) => serial)).toEqual(['CL-2']);
      expect(await registry.freedUnits('PO-1')).toBe(1);
      await staged.discard();
    });

    it('that comes with too few rows is not stored', async () => {
      const registry = await opened();
      const short = registry.importBatch(newBatch('1', 3), rowsOf(serialsFrom(1, 2)));
      await expect(short).rejects.toMatchObject({ code: 'REGISTRY_FAULT', reason: 'row-count' });
      expect(await registry.listBatches()).toEqual([]);
      expect((await imported(registry, '1', serialsFrom(1, 3))).status).toBe('imported');
    });

    it('whose rows fail on the way leaves nothing, and the failure comes through as it is', async () => {
      const registry = await opened();
      const broken = new Error('the manifest is gone');
      async function* rows(): ReturnType<typeof rowsOf> {
        yield* rowsOf(serialsFrom(1, 2_500));
        throw broken;
      }
      await expect(registry.importBatch(newBatch('1', 3_000), rows())).rejects.toBe(broken);
      expect(await registry.unit('CL-000001')).toBeUndefined();
    });

    it('can be imported while another one is, and one of two with a common serial wins', async () => {
      const registry = await opened();
      const results = await Promise.allSettled([
        imported(registry, '1', serialsFrom(1, 1_500)),
        imported(registry, '2', serialsFrom(1_500, 1_500)),
        imported(registry, '3', serialsFrom(5_000, 1_500)),
      ]);
      const ends = results.map((each) =>
        each.status === 'fulfilled' ? each.value.status : (each.reason as RegistryError).reason,
      );
      // Whether the one that lost met the other before or after that was stored.
      const [lost, ...won] = ends.toSorted((a, b) => Number(a === 'imported') - Number(b === 'imported'));
      expect(['being-imported', 'taken']).toContain(lost);
      expect(won).toEqual(['imported', 'imported']);
      expect(await registry.listBatches()).toHaveLength(2);
      expect(await registry.openBatches()).toEqual(await registry.listBatches());
      const again = await imported(registry, '4', serialsFrom(1_500, 1));
      expect(again).toMatchObject({ status: 'taken', conflicts: [{ key: 'cl-001500' }] });
    });

    it('wants no serial of one that is being imported', async () => {
      const registry = await opened();
      const [one, other] = [await registry.stageBatch('PO-1'), await registry.stageBatch('PO-2')];
      await one.add([{ serial: 'CL-1', product: 'node', attrs: {} }]);
      const late = other.add([{ serial: 'cl-1', product: 'node', attrs: {} }]);
      await expect(late).rejects.toMatchObject({ reason: 'being-imported' });
      await other.discard();
      await one.accept(newBatch('1', 1));
      expect(await registry.registeredSerials(['cl-1'])).toEqual([{ key: 'cl-1', batchId: 'PO-1' }]);
    });

    it('is not accepted where somebody removed rows of it meanwhile', async () => {
      const registry = await opened();
      const staged = await registry.stageBatch('PO-1');
      await staged.add([{ serial: 'CL-1', product: 'node', attrs: {} }]);
      await registry.discardStaged();
      await expect(staged.accept(newBatch('1', 1))).rejects.toMatchObject({ reason: 'being-imported' });
      await staged.discard();
      expect(await registry.listBatches()).toEqual([]);
    });

    it('leaves nothing of an import that died', async () => {
      const registry = await opened();
      const dead = await registry.stageBatch('PO-1');
      await dead.add(serialsFrom(1, 2_500).map((serial) => ({ serial, product: 'node', attrs: {} })));
      expect(await registry.unit('CL-000001')).toBeUndefined();
      await registry.discardStaged();
      expect((await imported(registry, '2', serialsFrom(1, 2_500))).status).toBe('imported');
    });

    it('starts and closes once', async () => {
      const registry = await opened();
      await imported(registry, '1', serialsFrom(1, 1));
      await registry.recordStart('PO-1');
      await registry.closeBatch('PO-1');
      const [closed] = await registry.listBatches();
      expect(await registry.openBatches()).toEqual([]);
      await registry.recordStart('PO-1');
      await registry.closeBatch('PO-1');
      expect(closed).toMatchObject({
        state: 'closed',
        startedAt: expect.stringMatching(ISO),
        closedAt: expect.stringMatching(ISO),
      });
      expect(await registry.listBatches()).toEqual([closed]);
    });

    it('that is cancelled has no unit without an outcome', async () => {
      const registry = await opened();
      const [first = '', ...others] = serialsFrom(1, 3);
      await imported(registry, '1', [first, ...others]);
      const earlier = { batchId: 'PO-1', serial: first, attempt: 1, step: 'flashCredentials' as const };
      await registry.recordOutcome({ ...earlier, code: 'SMP_TIMEOUT', outcome: 'ERROR' });
      await registry.endOpenUnits('PO-1', 'HOLD', 'CANCELLED');
      await registry.endOpenUnits('PO-1', 'HOLD', 'CANCELLED');
      expect(await registry.batchSummary('PO-1')).toMatchObject({ errors: 1, held: 2, open: 0 });
      expect(await registry.unit(others[0]!)).toMatchObject({
        outcome: 'HOLD',
        code: 'CANCELLED',
        attempts: [],
      });
    });

    it('that is not there is named', async () => {
      const registry = await opened();
      const unknown = {
        code: 'REGISTRY_FAULT',
        reason: 'unknown-batch',
        message: expect.stringContaining('PO-9'),
      };
      await expect(registry.chunkRows('PO-9', 1, 250)).rejects.toMatchObject(unknown);
      await expect(registry.batchSummary('PO-9')).rejects.toMatchObject(unknown);
      await expect(registry.closeBatch('PO-9')).rejects.toMatchObject(unknown);
      await expect(registry.endOpenUnits('PO-9', 'HOLD', 'CANCELLED')).rejects.toMatchObject(unknown);
      await expect(registry.resultRows('PO-9')[Symbol.asyncIterator]().next()).rejects.toMatchObject(unknown);
      expect(await registry.batchOf('00')).toBeUndefined();
    });
  });

  describe('a unit that passes', () => {
    it('is on record with attempt, certificate and evidence, once, however often it is told', async () => {
      const registry = await opened();
      await imported(registry, '1', ['CL-1']);
      const pass = registration('CL-1');
      await registry.registerUnit(pass);
      const first = await registry.unit('cl-1');
      await registry.registerUnit(pass);
      expect(await registry.unit('CL-1')).toEqual(first);
      const { certificate, certificateSerial, certificateSha256, spkiSha256, notBefore, notAfter, boardId } =
        pass;
      const { stationId, socket, startedAt, verifiedAt } = pass;
      const at = expect.stringMatching(ISO);
      expect(first).toEqual({
        serial: 'CL-1',
        batchId: 'PO-1',
        order: 'PO-1',
        row: 1,
        product: 'node',
        attrs: { rev: 'B2' },
        outcome: 'PASS',
        attention: false,
        step: 'registerDevice',
        lastAttempt: 1,
        releasedAttempt: 0,
        attempts: [
          {
            attempt: 1,
            cause: 'first',
            stationId,
            socket,
            boardId,
            startedAt,
            finishedAt: verifiedAt,
            step: 'registerDevice',
          },
        ],
        certificates: [
          {
            certificateSha256,
            certificateSerial,
            spkiSha256,
            attempt: 1,
            boardId,
            state: 'active',
            notBefore,
            notAfter,
            registeredAt: at,
            certificate: new Uint8Array(certificate),
          },
        ],
        evidence: [
          { attempt: 1, kind: 'possession', body: 'signed', recordedAt: at },
          { attempt: 1, kind: 'readBack', body: { bytes: 513 }, recordedAt: at },
        ],
        decisions: [],
        reworks: [],
      });
    });

    it.each([
      ['another certificate for the serial', registration('CL-1', 2), 'other-certificate'],
      [
        'its certificate for another serial',
        { ...registration('CL-1'), serial: 'CL-2' },
        'other-certificate',
      ],
      [
        'its board for another serial',
        { ...registration('CL-2'), boardId: registration('CL-1').boardId },
        'other-certificate',
      ],
      [
        'its key for another serial',
        { ...registration('CL-2'), spkiSha256: registration('CL-1').spkiSha256 },
        'other-certificate',
      ],
    ])('refuses %s', async (_case, second, reason) => {
      const registry = await opened();
      await imported(registry, '1', ['CL-1', 'CL-2']);
      await registry.registerUnit(registration('CL-1'));
      const before = [await registry.unit('CL-1'), await registry.unit('CL-2')];
      await expect(registry.registerUnit(second)).rejects.toMatchObject({
        code: 'REGISTRY_CONFLICT',
        reason,
      });
      expect([await registry.unit('CL-1'), await registry.unit('CL-2')]).toEqual(before);
    });

    it('may be reworked: the new certificate takes the place of the named one, and the old one never comes back', async () => {
      const registry = await opened();
      await imported(registry, '1', ['CL-1']);
      await registry.registerUnit(registration('CL-1'));
      const rework = { ...registration('CL-1', 2), ...(await inRework(registry, 'CL-1')) };
      await registry.registerUnit(rework);
      await registry.registerUnit(rework);
      const unit = await registry.unit('CL-1');
      expect(unit?.certificates.map(({ attempt, state }) => [attempt, state])).toEqual([
        [1, 'superseded'],
        [2, 'active'],
      ]);
      const zombie = registry.registerUnit(registration('CL-1'));
      await expect(zombie).rejects.toMatchObject({ code: 'REGISTRY_CONFLICT', reason: 'not-active' });
    });

    it('is not believed when the fingerprint is not that of the certificate', async () => {
      const registry = await opened();
      await imported(registry, '1', ['CL-1']);
      const wrong = registry.registerUnit({ ...registration('CL-1'), certificateSha256: '00'.repeat(32) });
      await expect(wrong).rejects.toMatchObject({ code: 'REGISTRY_FAULT', reason: 'wrong-fingerprint' });
    });

    it('must be in the batch', async () => {
      const registry = await opened();
      await imported(registry, '1', ['CL-1']);
      await imported(registry, '2', ['CL-2']);
      const stranger = registry.registerUnit(registration('CL-2'));
      await expect(stranger).rejects.toMatchObject({ code: 'REGISTRY_FAULT', reason: 'unknown-unit' });
    });
  });

  describe('a unit that does not pass', () => {
    it('waits, and then passes in the next attempt', async () => {
      const registry = await opened();
      await imported(registry, '1', ['CL-1']);
      await registry.recordAttention(failure('CL-1'));
      await registry.recordAttention(failure('CL-1'));
      expect(await registry.unit('CL-1')).toMatchObject({
        attention: true,
        code: 'SMP_TIMEOUT',
        step: 'flashCredentials',
        attempts: [{ attempt: 1, code: 'SMP_TIMEOUT', reason: 'no answer', boardId: 'c0ffee01' }],
      });
      await registry.registerUnit(registration('CL-1', 2));
      const passed = await registry.unit('CL-1');
      expect(passed).toMatchObject({ outcome: 'PASS', attention: false });
      expect(passed?.code).toBeUndefined();
      await registry.recordAttention(failure('CL-1'));
      await registry.recordAttention(failure('CL-1', 2));
      await registry.recordOutcome({ ...failure('CL-1'), outcome: 'ERROR' });
      expect(await registry.unit('CL-1')).toEqual(passed);
    });

    it('does not wait where the attempt is followed by another one, by itself', async () => {
      const registry = await opened();
      await imported(registry, '1', ['CL-1']);
      const decision = { verdict: 'retry', reason: 'by itself', decidedAt: '2026-01-01T00:31:00.000Z' };
      await registry.recordAttention({ ...failure('CL-1'), decision });
      const unit = await registry.unit('CL-1');
      expect(unit).toMatchObject({
        attention: false,
        attempts: [{ attempt: 1, code: 'SMP_TIMEOUT' }],
        decisions: [{ attempt: 1, ...decision }],
      });
      expect(unit?.outcome).toBeUndefined();
    });

    it('ends with an outcome, which a late report that it waits does not undo', async () => {
      const registry = await opened();
      await imported(registry, '1', ['CL-1']);
      await registry.recordAttention(failure('CL-1'));
      await registry.recordOutcome({ ...failure('CL-1'), outcome: 'FAIL' });
      await registry.recordAttention(failure('CL-1'));
      expect(await registry.unit('CL-1')).toMatchObject({
        outcome: 'FAIL',
        attention: false,
        code: 'SMP_TIMEOUT',
      });
    });

    it('cannot fail while its certificate is active', async () => {
      const registry = await opened();
      await imported(registry, '1', ['CL-1']);
      await registry.registerUnit(registration('CL-1'));
      const scrapped = registry.recordOutcome({ ...failure('CL-1', 2), outcome: 'FAIL' });
      await expect(scrapped).rejects.toMatchObject({
        code: 'REGISTRY_CONFLICT',
        reason: 'other-certificate',
      });
      expect(await registry.unit('CL-1')).toMatchObject({ outcome: 'PASS' });
    });

    it('that is cancelled keeps what its attempt failed with', async () => {
      const registry = await opened();
      await imported(registry, '1', ['CL-1']);
      await registry.recordAttention({ ...failure('CL-1'), message: 'no answer to 4 requests in 3 s' });
      const first = (await registry.unit('CL-1'))!.attempts;
      const { batchId, serial, attempt } = failure('CL-1');
      const end = { code: 'CANCELLED', outcome: 'HOLD', message: 'cancelled' } as const;
      await registry.recordOutcome({ batchId, serial, attempt, step: 'verifyReadback', ...end });
      const unit = await registry.unit('CL-1');
      expect(unit).toMatchObject({ outcome: 'HOLD', code: 'CANCELLED' });
      expect(unit?.attempts).toEqual(first);
      expect(first).toEqual([
        {
          attempt: 1,
          cause: 'first',
          stationId: 'station-1',
          socket: 'A2',
          boardId: 'c0ffee01',
          step: 'flashCredentials',
          startedAt: '2026-01-01T00:30:00.000Z',
          finishedAt: expect.stringMatching(ISO),
          code: 'SMP_TIMEOUT',
          message: 'no answer to 4 requests in 3 s',
          reason: 'no answer',
        },
      ]);
    });

    it('keeps every decision, once, with who made it and why', async () => {
      const registry = await opened();
      await imported(registry, '1', ['CL-1']);
      await registry.recordAttention(failure('CL-1'));
      const retry = { verdict: 'retry', by: 'A. Berg', decidedAt: '2026-01-01T01:00:00.000Z' };
      const skip = { verdict: 'skip', reason: 'at the lab', decidedAt: '2026-01-01T02:00:00.000Z' };
      const { batchId, serial } = failure('CL-1');
      await registry.recordDecision({ batchId, serial, attempt: 1, decision: retry });
      await registry.recordDecision({ batchId, serial, attempt: 1, decision: retry });
      await registry.recordAttention(failure('CL-1', 2));
      const end = { ...failure('CL-1', 2), outcome: 'HOLD', decision: skip } as const;
      await registry.recordOutcome(end);
      await registry.recordOutcome(end);
      expect((await registry.unit('CL-1'))?.decisions).toEqual([
        { attempt: 1, ...retry },
        { attempt: 2, ...skip },
      ]);
    });
  });

  describe('the result of a batch', () => {
    it('counts every unit once', async () => {
      const registry = await opened();
      const serials = ['CL-1', 'CL-2', 'CL-3', 'CL-4', 'CL-5', 'CL-6'];
      await imported(registry, '1', serials);
      await registry.registerUnit(registration('CL-1'));
      await registry.recordOutcome({ ...failure('CL-2'), outcome: 'FAIL' });
      await registry.recordOutcome({ ...failure('CL-3'), outcome: 'ERROR' });
      await registry.recordOutcome({ ...failure('CL-4'), outcome: 'HOLD' });
      await registry.recordAttention(failure('CL-5'));
      expect(await registry.batchSummary('PO-1')).toMatchObject({
        passed: 1,
        failed: 1,
        errors: 1,
        held: 1,
        attention: 1,
        open: 1,
        batch: { quantity: 6 },
      });
    });

    it('has a row for every serial in the order of the manifest', async () => {
      const registry = await opened();
      const serials = serialsFrom(1, 1_201).toReversed();
      await imported(registry, '1', serials);
      await registry.recordAttention(failure('CL-000007'));
      await registry.registerUnit({ ...registration('CL-000007', 2), socket: 'B4' });
      const rows = [];
      for await (const row of registry.resultRows('PO-1')) rows.push(row);
      expect(rows.map((row) => row.serial)).toEqual(serials);
      const { certificateSha256, certificateSerial, boardId, verifiedAt } = registration('CL-000007', 2);
      expect(rows.find((row) => row.serial === 'CL-000007')).toEqual({
        serial: 'CL-000007',
        product: 'node',
        attrs: { rev: 'B2' },
        outcome: 'PASS',
        certificateSerial,
        certificateSha256,
        boardId,
        stationId: 'station-1',
        socket: 'B4',
        attempts: 2,
        startedAt: '2026-01-01T00:30:00.000Z',
        finishedAt: verifiedAt,
        seconds: expect.any(Number),
      });
      expect(rows[0]).toEqual({ serial: 'CL-001201', product: 'node', attrs: { rev: 'B2' }, attempts: 0 });
      expect(await registry.attributeNames('PO-1')).toEqual(['rev']);
      const units = [];
      for await (const unit of registry.unitRecords('PO-1')) units.push(unit);
      expect(units.map((unit) => unit.serial)).toEqual(serials);
      expect(units.find((unit) => unit.serial === 'CL-000007')).toEqual(await registry.unit('CL-000007'));
    });
  });

  describe('the units of a batch', () => {
    it('that wait are those that wait now, in the order of the manifest', async () => {
      const registry = await opened();
      await imported(registry, '1', serialsFrom(1, 5));
      for (const serial of ['CL-000004', 'CL-000001', 'CL-000002', 'CL-000003'])
        await registry.recordAttention(failure(serial));
      await registry.registerUnit(registration('CL-000002', 2));
      await registry.recordOutcome({ ...failure('CL-000003'), outcome: 'FAIL' });
      await registry.recordAttention(failure('CL-000004', 2));
      const at = { step: 'flashCredentials', code: 'SMP_TIMEOUT' };
      expect(await registry.waitingUnits('PO-1')).toEqual([
        { serial: 'CL-000001', ...at, attempt: 1 },
        { serial: 'CL-000004', ...at, attempt: 2 },
      ]);
      await expect(registry.waitingUnits('PO-9')).rejects.toMatchObject({ reason: 'unknown-batch' });
    });

    it('come with all of their certificates, page by page', async () => {
      const registry = await opened();
      await imported(registry, '1', serialsFrom(1, 501));
      const [old, last] = [registration('CL-000002'), registration('CL-000501')];
      for (const each of [old, last]) await registry.registerUnit(each);
      const replacing = { ...registration('CL-000002', 2), ...(await inRework(registry, 'CL-000002')) };
      await registry.registerUnit(replacing);
      const units = [];
      for await (const unit of registry.certifiedUnits('PO-1')) units.push(unit);
      expect(units.map(({ serial }) => serial)).toEqual(serialsFrom(1, 501));
      expect(units.filter(({ certificates }) => certificates.length > 0)).toEqual([
        {
          serial: 'CL-000002',
          certificates: [
            { certificateSha256: old.certificateSha256, state: 'superseded' },
            { certificateSha256: replacing.certificateSha256, state: 'active' },
          ],
        },
        {
          serial: 'CL-000501',
          certificates: [{ certificateSha256: last.certificateSha256, state: 'active' }],
        },
      ]);
    });
  });
}
