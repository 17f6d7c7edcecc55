import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { BatchProgress } from '../../provisioning/batch.ts';
import { filesOf, writeStatus } from '../../reports/lot-answers.ts';
import { readCsv } from '../manifests/csv/read-csv.ts';
import { imported, openedRegistry, registration, serialsFrom } from '../registry/record/opened.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PO = 'PO-1';

/** Five units: one passed, one on hold by decision, two wait, one has not begun. */
async function lot() {
  const registry = openedRegistry();
  await imported(registry, '1', serialsFrom(1, 5));
  await registry.recordStart(PO);
  await registry.registerUnit(registration('CL-000001'));
  const failure = { batchId: PO, attempt: 1, step: 'flashCredentials', code: 'BOARD_GONE' } as const;
  const decision = {
    verdict: 'skip',
    reason: '=lab()',
    by: 'A. Berg',
    decidedAt: '2026-01-02T00:00:00.000Z',
  };
  await registry.recordOutcome({ ...failure, serial: 'CL-000002', outcome: 'HOLD', decision });
  await registry.recordAttention({ ...failure, serial: 'CL-000003' });
  await registry.recordAttention({ ...failure, serial: 'CL-000004', code: 'SMP_TIMEOUT' });
  const pause = { verdict: 'pause', reason: 'lunch', by: 'Ada', decidedAt: '2026-01-02T01:00:00.000Z' };
  await registry.recordBatchDecision(PO, pause);
  return { registry, batch: (await registry.batch(PO))!, inbox: temporaryFolder() };
}

const progress = { attention: [{ serial: 'CL-000003' }], trouble: [{ says: 'signer is silent' }] };

it('tells how a lot stands while it runs: counts that add up, what waits and why, and units that have ended', async () => {
  const { registry, batch, inbox } = await lot();
  await writeStatus(registry, await filesOf(registry, inbox, batch), batch);
  const status = JSON.parse(readFileSync(join(inbox, '1.status.json'), 'utf8')) as object;
  expect(status).toMatchObject({
    batch: PO,
    order: PO,
    state: 'paused',
    says: 'The lot is paused, and no further unit starts: 1 of 5 units passed, 2 wait for a decision, 1 has not ended.',
    units: { ordered: 5, passed: 1, failed: 0, errors: 0, held: 1, waiting: 2, open: 1 },
    waiting: [
      {
        code: 'BOARD_GONE',
        says: expect.stringContaining('no longer in its socket'),
        units: 1,
        serials: ['CL-000003'],
      },
      { code: 'SMP_TIMEOUT', units: 1, serials: ['CL-000004'] },
    ],
    line: [],
    decisions: [{ verdict: 'pause', reason: 'lunch', by: 'Ada' }],
    writtenAt: expect.any(String),
  });
  expect(status).not.toHaveProperty('expectedEnd');
  expect(status).not.toHaveProperty('result');
  const rows = readCsv(join(inbox, '1.status.csv'));
  expect(rows.map(({ serial, state, outcome, code }) => [serial, state, outcome, code])).toEqual([
    ['CL-000001', 'ended', 'PASS', ''],
    ['CL-000002', 'ended', 'HOLD', 'BOARD_GONE'],
    ['CL-000003', 'waits', '', 'BOARD_GONE'],
    ['CL-000004', 'waits', '', 'SMP_TIMEOUT'],
    ['CL-000005', 'open', '', ''],
  ]);
  expect(rows[1]).toMatchObject({ decision: 'skip', reason: "'=lab()", decided_by: 'A. Berg', batch: PO });
  expect(rows[2]!['what_to_do']).toContain('no longer in its socket');
  expect(readFileSync(join(inbox, '1.status.csv'), 'utf8')).toMatch(/^\uFEFF"order"/);
});

it('has the last decisions, however often somebody decided', async () => {
  const { registry, batch, inbox } = await lot();
  const at = (second: number): string => new Date(Date.UTC(2027, 0, 1) + 1_000 * second).toISOString();
  for (let second = 0; second < 201; second += 1)
    await registry.recordBatchDecision(PO, { verdict: 'pause', decidedAt: at(second) });
  const { decisions } = await writeStatus(registry, await filesOf(registry, inbox, batch), batch);
  expect(decisions).toHaveLength(200);
  expect([decisions.at(0)!.decidedAt, decisions.at(-1)!.decidedAt]).toEqual([at(1), at(200)]);
});

it('takes the word of the running batch for what waits and for the line, and foretells the end from the pace', async () => {
  const { registry, batch, inbox } = await lot();
  await registry.recordBatchDecision(PO, { verdict: 'resume', decidedAt: '2026-01-02T02:00:00.000Z' });
  const pulse = { progress: [progress as unknown as BatchProgress], rate: 0.5 };
  const before = Date.now();
  const status = await writeStatus(registry, await filesOf(registry, inbox, batch), batch, pulse);
  expect(status).toMatchObject({
    state: 'running',
    units: { waiting: 1, open: 2 },
    line: ['signer is silent'],
  });
  const states = readCsv(join(inbox, '1.status.csv')).map((row) => row['state']);
  expect(Object.groupBy(states, (state) => state!)).toMatchObject({
    waits: ['waits'],
    open: ['open', 'open'],
  });
  // Two units at half a unit in a second.
  const inMs = Date.parse(status.expectedEnd!) - before;
  expect(inMs).toBeGreaterThanOrEqual(4_000);
  expect(inMs).toBeLessThan(10_000);
});

it('names the result, with its version, when the lot is closed', async () => {
  const { registry, inbox } = await lot();
  await registry.endOpenUnits(PO, 'HOLD', 'CLOSED_SHORT');
  await registry.numberResult(PO, 1);
  await registry.closeBatch(PO);
  const batch = (await registry.batch(PO))!;
  const status = await writeStatus(registry, await filesOf(registry, inbox, batch), batch);
  expect(status).toMatchObject({
    state: 'closed',
    says: 'The lot is closed: 1 of 5 units passed.',
    units: { ordered: 5, passed: 1, held: 4, waiting: 0, open: 0 },
    result: { file: '1.result.csv', version: 1 },
    closedAt: expect.any(String),
  });
  expect(readCsv(join(inbox, '1.status.csv')).map(({ state }) => state)).toEqual(Array(5).fill('ended'));
});
