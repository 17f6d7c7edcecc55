import { describe, expect, it } from 'vitest';
import type { AttemptFailure } from '../../../registry/registry.ts';
import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import { imported, registration } from './opened.ts';

const LATER = 8_000_000_000_000;
const FAILED: AttemptFailure = {
  batchId: 'PO-1',
  serial: 'CL-1',
  attempt: 1,
  step: 'flashCredentials',
  code: 'SMP_TIMEOUT',
};

export function describeNotices(opened: () => Promise<SqlRegistry>): void {
  describe('the notices', () => {
    it('say once that a unit waits and that its batch ended, until each is delivered', async () => {
      const registry = await opened();
      const { notices } = registry;
      notices.start();
      await imported(registry, '1', ['CL-1']);
      for (let time = 0; time < 2; time += 1) await registry.recordAttention(FAILED);
      await registry.registerUnit({ ...registration('CL-1', 2) });
      for (let time = 0; time < 2; time += 1) await registry.closeBatch('PO-1');
      const due = await notices.due(LATER, 10);
      const said = due.map(({ body }) => (JSON.parse(body) as { type: string }).type);
      expect(said.toSorted((a, b) => a.localeCompare(b))).toEqual(['batch.ended', 'unit.waiting']);
      await notices.sent(due[0]!.id, LATER);
      await notices.failed(due[1]!.id, LATER + 1);
      expect(await notices.due(LATER, 10)).toEqual([]);
      expect(await notices.due(LATER + 1, 10)).toEqual([{ ...due[1]!, failures: 1 }]);
      expect(await notices.forget(LATER)).toBe(1);
    });
  });
}
