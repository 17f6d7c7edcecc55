import { describe, expect, it } from 'vitest';
import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import { imported, inRework, registration } from './opened.ts';

/** Later than anything that the test does. */
const LATER = '2999-01-01T00:00:00.000Z';
const unit = (attempt: number) => ({ batchId: 'PO-1', serial: 'CL-1', attempt });
const FAILED = { ...unit(1), serial: 'CL-2', step: 'flashCredentials', code: 'BOARD_GONE' } as const;

export function describeLateAnswers(opened: () => Promise<SqlRegistry>): void {
  /** A batch whose first unit passed and whose second one did not, closed, with its answers written as `closeBatch` does. */
  async function closedRegistry(): Promise<SqlRegistry> {
    const registry = await opened();
    await imported(registry, '1', ['CL-1', 'CL-2']);
    await registry.registerUnit(registration('CL-1'));
    await registry.recordOutcome({ ...FAILED, outcome: 'HOLD' });
    const { changes } = await registry.nextResult('PO-1');
    await registry.closeBatch('PO-1');
    await registry.noteAnswers('PO-1', changes + 1);
    return registry;
  }

  async function rewrite(registry: SqlRegistry): Promise<void> {
    const { changes } = await registry.nextResult('PO-1');
    await registry.noteAnswers('PO-1', changes);
  }

  describe('the answers about a batch', () => {
    it('are late from its end on until they are written, and never while it is open', async () => {
      const registry = await opened();
      await imported(registry, '1', ['CL-1']);
      await registry.registerUnit(registration('CL-1'));
      expect(await registry.lateAnswers(LATER)).toEqual([]);
      await registry.closeBatch('PO-1');
      expect(await registry.lateAnswers(LATER)).toEqual(['PO-1']);
      expect(await registry.lateAnswers('2000-01-01T00:00:00.000Z')).toEqual([]);
      await rewrite(registry);
      expect(await registry.lateAnswers(LATER)).toEqual([]);
    });

    it.each<[string, (registry: SqlRegistry) => Promise<unknown>]>([
      [
        'a rework that was done',
        async (registry) => {
          const rework = await inRework(registry, 'CL-1');
          await registry.registerUnit({ ...registration('CL-1', 2), ...rework });
        },
      ],
      [
        'a rework that left everything as it was',
        async (registry) => {
          await inRework(registry, 'CL-1');
          await registry.endReworkUnit({ reworkId: 'RW-CL-1', unit: unit(2), result: 'kept' });
        },
      ],
      [
        'a revocation',
        async (registry) => {
          const { certificateSerial } = registration('CL-1');
          const revocations = [{ certificateSerial, reason: 'keyCompromise', revokedAt: LATER }];
          await registry.applyRevocations({ issuerKey: 'ca', number: 1, revocations });
        },
      ],
    ])('are late after %s, once', async (_what, change) => {
      const registry = await closedRegistry();
      expect(await registry.lateAnswers(LATER)).toEqual([]);
      await change(registry);
      expect(await registry.lateAnswers(LATER)).toEqual(['PO-1']);
      await rewrite(registry);
      expect(await registry.lateAnswers(LATER)).toEqual([]);
    });

    it('are late still where something changed while they were written', async () => {
      const registry = await closedRegistry();
      await inRework(registry, 'CL-1');
      const { changes } = await registry.nextResult('PO-1');
      await registry.endReworkUnit({ reworkId: 'RW-CL-1', unit: unit(2), result: 'kept' });
      await registry.noteAnswers('PO-1', changes);
      expect(await registry.lateAnswers(LATER)).toEqual(['PO-1']);
    });

    it('are not late after what changes nothing', async () => {
      const registry = await closedRegistry();
      await registry.registerUnit(registration('CL-1'));
      await registry.applyRevocations({ issuerKey: 'ca', number: 1, revocations: [] });
      expect(await registry.lateAnswers(LATER)).toEqual([]);
    });
  });
}
