import { describe, expect, it } from 'vitest';
import type { Revocation, RevocationList } from '../../../registry/registry.ts';
import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import { inRework, imported, registration } from './opened.ts';

const AT = '2026-02-01T00:00:00.000Z';

const revoked = (serial: string, attempt = 1): Revocation => ({
  certificateSerial: registration(serial, attempt).certificateSerial,
  reason: 'keyCompromise',
  revokedAt: AT,
});

const list = (number: number, ...revocations: readonly Revocation[]): RevocationList => ({
  issuerKey: 'ca',
  number,
  revocations,
});

export function describeRevocations(opened: () => Promise<SqlRegistry>): void {
  /** CL-1 and CL-2 passed, CL-3 not. */
  async function passedRegistry(): Promise<SqlRegistry> {
    const registry = await opened();
    await imported(registry, '1', ['CL-1', 'CL-2', 'CL-3']);
    for (const serial of ['CL-1', 'CL-2']) await registry.registerUnit(registration(serial));
    return registry;
  }

  describe('a revocation list', () => {
    it('ends what it names, once, and keeps the first time', async () => {
      const registry = await passedRegistry();
      const before = await registry.unit('CL-2');
      const result = await registry.applyRevocations(list(1, revoked('CL-1'), revoked('CL-9')));
      expect(result).toEqual({ status: 'applied', ended: 1, unknown: 1 });
      const ended = await registry.unit('CL-1');
      expect(ended).toMatchObject({
        outcome: 'PASS',
        certificates: [{ state: 'revoked', endedAt: AT, reason: 'keyCompromise' }],
      });
      const later = { ...revoked('CL-1'), revokedAt: '2026-03-01T00:00:00.000Z' };
      for (const again of [list(1, revoked('CL-1')), list(2, later), list(3)])
        expect(await registry.applyRevocations(again)).toMatchObject({ ended: 0 });
      expect(await registry.unit('CL-1')).toEqual(ended);
      expect(await registry.unit('CL-2')).toEqual(before);
      const worse = { ...revoked('CL-1'), reason: 'cACompromise' };
      await registry.applyRevocations(list(4, worse));
      expect((await registry.unit('CL-1'))?.certificates).toMatchObject([
        { endedAt: AT, reason: 'cACompromise' },
      ]);
    });

    it('that is older than the last of its CA changes nothing', async () => {
      const registry = await passedRegistry();
      await registry.applyRevocations(list(5));
      const older = await registry.applyRevocations(list(4, revoked('CL-1')));
      expect(older).toEqual({ status: 'older', applied: 5 });
      expect((await registry.unit('CL-1'))?.certificates[0]?.state).toBe('active');
      const other = await registry.applyRevocations({ ...list(1, revoked('CL-2')), issuerKey: 'other' });
      expect(other).toMatchObject({ ended: 1 });
      expect(await registry.applyRevocations(list(5, revoked('CL-1')))).toMatchObject({ ended: 1 });
    });

    it('keeps a certificate from being registered afterwards', async () => {
      const registry = await passedRegistry();
      await registry.applyRevocations(list(1, revoked('CL-3')));
      await expect(registry.registerUnit(registration('CL-3'))).rejects.toMatchObject({
        code: 'REGISTRY_CONFLICT',
        reason: 'not-active',
        message: expect.stringContaining('keyCompromise'),
      });
      expect(await registry.unit('CL-3')).toMatchObject({ attempts: [], certificates: [] });
      await registry.registerUnit(registration('CL-3', 2));
      expect(await registry.unit('CL-3')).toMatchObject({ outcome: 'PASS' });
    });

    it('makes room: the unit may have another certificate, its board another unit', async () => {
      const registry = await passedRegistry();
      const { boardId } = registration('CL-2');
      await expect(registry.registerUnit(registration('CL-1', 2))).rejects.toMatchObject({
        reason: 'other-certificate',
      });
      await registry.applyRevocations(list(1, revoked('CL-1'), revoked('CL-2')));
      await registry.registerUnit(registration('CL-1', 2));
      await registry.registerUnit({ ...registration('CL-3'), boardId });
      expect((await registry.unit('CL-1'))?.certificates.map(({ state }) => state)).toEqual([
        'revoked',
        'active',
      ]);
      await expect(registry.registerUnit(registration('CL-1'))).rejects.toMatchObject({
        reason: 'not-active',
      });
      const rows = [];
      for await (const row of registry.resultRows('PO-1')) rows.push(row.certificateSha256);
      expect(rows).toEqual([
        registration('CL-1', 2).certificateSha256,
        undefined,
        registration('CL-3').certificateSha256,
      ]);
    });

    it('leaves alone what was superseded', async () => {
      const registry = await passedRegistry();
      await registry.registerUnit({ ...registration('CL-1', 2), ...(await inRework(registry, 'CL-1')) });
      const before = (await registry.unit('CL-1'))?.certificates[0];
      const result = await registry.applyRevocations(list(1, { ...revoked('CL-1'), reason: 'superseded' }));
      expect(result).toEqual({ status: 'applied', ended: 0, unknown: 0 });
      expect((await registry.unit('CL-1'))?.certificates[0]).toEqual({ ...before, reason: 'superseded' });
    });
  });
}
