import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import { registration } from './opened.ts';

/** All that is recorded about units, one by one. */
export async function liveThrough(registry: SqlRegistry, serials: readonly string[]): Promise<void> {
  for (const serial of serials) {
    const unit = { batchId: 'PO-1', serial, attempt: 1 } as const;
    const third = { ...unit, attempt: 3 };
    const failure = { ...unit, step: 'flashCredentials', code: 'SMP_TIMEOUT', message: 'silent' } as const;
    const decidedAt = '2026-01-01T00:00:00.000Z';
    const { boardId, certificate, certificateSha256 } = registration(serial);
    await registry.noteUnregistered(unit, { boardId, certificate, certificateSha256, liveAt: ['cloud'] });
    await registry.recordAttention(failure);
    await registry.recordDecision({
      ...unit,
      decision: { verdict: 'retry', reason: 'loose cable', decidedAt },
    });
    await registry.recordRelease({ ...unit, attempt: 2 });
    await registry.registerUnit({ ...registration(serial, 2), registries: ['cloud'] });
    await registry.unit(serial);
    await registry.unitsOnSameBoards(serial);
    await registry.serialsWith(serial);
    const reworkId = `RW-${serial}`;
    const said = { reason: 'leaked key', by: 'ops', signed: '' };
    await registry.openRework({ reworkId, kind: 'rekey', serials: [serial], ...said });
    await registry.recordReworkFailure({ reworkId, unit: third, failure });
    await registry.recordWipe({ reworkId, unit: third });
    await registry.registerUnit({
      ...registration(serial, 3),
      reworkId,
      supersedesAttempt: 2,
      registries: ['cloud'],
    });
    const again = { ...failure, serial: serial.replace('CL-0000', 'CL-0001'), attempt: 1 };
    await registry.recordOutcome({ ...again, outcome: 'FAIL' });
    const now = Date.now();
    const due = await registry.outbox.due('cloud', now, 5);
    await registry.outbox.book('cloud', now, due.length, 10);
    const pace = { firstPauseMs: 1_000, longestPauseMs: 60_000 };
    const results = due.map(({ entryId, version }) => ({ entryId, version, at: now, pace }));
    await registry.outbox.settle('cloud', results, { failures: 0, pausedUntil: 0 });
  }
}
