import { describe, expect, it } from 'vitest';
import { decidedNow } from '../../../provisioning/decision.ts';
import type { SignerLogSight } from '../../../registry/registry.ts';
import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import { imported, registration } from './opened.ts';

const LOG = 'certline-audit-0123456789abcdef';
const STALE = expect.objectContaining({ reason: 'forked' }) as Error;
const DECISION = decidedNow('accept-loss', { reason: 'disk lost', by: 'A. Smith' });

/** A sight of so many entries, at a day of January 2026. */
const sight = (size: number, day: number, more: Partial<SignerLogSight> = {}): SignerLogSight => ({
  log: LOG,
  size,
  hash: `${size}`,
  at: `2026-01-${String(day).padStart(2, '0')}T00:00:00.000Z`,
  ...more,
});

export function describeSignerLogs(opened: () => Promise<SqlRegistry>): void {
  async function withUnits(): Promise<{
    registry: SqlRegistry;
    register: (serial: string, signerLog: SignerLogSight) => Promise<void>;
  }> {
    const registry = await opened();
    await imported(registry, '1', ['CL-1', 'CL-2', 'CL-3', 'CL-4', 'CL-5']);
    return {
      registry,
      register: (serial, signerLog) => registry.registerUnit({ ...registration(serial), signerLog }),
    };
  }

  describe('the audit log of a signer', () => {
    it('that has fewer entries later stops all that is not registered, until a person decides', async () => {
      const { registry, register } = await withUnits();
      await register('CL-1', sight(90, 2));
      await register('CL-2', sight(80, 1));
      await expect(register('CL-3', sight(70, 3))).rejects.toThrow(STALE);
      await expect(register('CL-4', sight(99, 4))).rejects.toThrow(STALE);
      await register('CL-1', sight(90, 2));
      expect(await registry.acceptSignerLog(LOG, DECISION)).toBe(true);
      await register('CL-3', sight(70, 3));
    });

    it('is compared with nothing that was signed before a person accepted its loss', async () => {
      const { registry, register } = await withUnits();
      await register('CL-1', sight(90, 1));
      await expect(register('CL-3', sight(70, 3))).rejects.toThrow(STALE);
      await registry.acceptSignerLog(LOG, DECISION);
      for (const [serial, known] of [
        ['CL-1', sight(90, 1)],
        ['CL-2', sight(85, 1)],
        ['CL-3', sight(70, 3)],
      ] as const)
        await register(serial, known);
      expect(await registry.signerLogs()).toMatchObject([{ size: 0 }]);
      const later = { at: '9998-01-01T00:00:00.000Z' };
      await register('CL-4', sight(72, 1, later));
      expect(await registry.signerLogs()).toMatchObject([{ size: 72 }]);
      await expect(register('CL-5', sight(72, 1, { ...later, hash: 'another' }))).rejects.toThrow(STALE);
    });

    it('says nothing by certificates that are registered already', async () => {
      const { registry, register } = await withUnits();
      await register('CL-1', sight(90, 1));
      for (const again of [sight(10, 9), sight(90, 1, { hash: 'another' }), sight(999, 9)])
        await register('CL-1', again);
      expect(await registry.signerLogs()).toMatchObject([{ size: 90, hash: '90' }]);
    });

    it('has later times in earlier entries where its clock was ahead, as it says once that is accepted', async () => {
      const { registry, register } = await withUnits();
      await register('CL-1', sight(90, 2, { clockWrongUntil: '2026-01-09T00:00:00.000Z' }));
      await register('CL-2', sight(80, 9));
      await register('CL-3', sight(95, 3));
      expect(await registry.signerLogs()).toMatchObject([
        { size: 95, clockWrongUntil: '2026-01-09T00:00:00.000Z' },
      ]);
      await expect(register('CL-4', sight(80, 10))).rejects.toThrow(STALE);
    });
  });
}
