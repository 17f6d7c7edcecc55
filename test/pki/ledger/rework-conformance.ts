import { describe, expect, it } from 'vitest';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import type { ReleasedRework } from '../../../pki/signing/reworks.ts';
import { signedOrder } from '../orders/signed-orders.ts';
import { auditOf, code, release, requestFor } from '../signing/signing-line.ts';
import type { SigningLine } from '../signing/signing-line.ts';

const AT = '2026-06-01T12:00:00.000Z';
const key = generateDeviceKey();
const ENDED = { reworkId: 'RW-1', serial: 'ACME-1', attempt: 2, revokesActive: false };
const csr = key.createCsr({ serial: 'ACME-1' });

/** What every ledger must do with units that passed and get another certificate. */
export function describeReworks(newLine: () => Promise<SigningLine>): void {
  /** ACME-1 passed; ACME-2 has a certificate that no board is known to carry. */
  async function passedLine(reissueQuota = 2): Promise<SigningLine> {
    const line = await newLine();
    await release(line, ['ACME-1', 'ACME-2'], { reissueQuota });
    await line.issuer.issue(requestFor('ACME-1', { csr }));
    await line.issuer.issue(requestFor('ACME-2'));
    await line.issuer.activate(['b1/ACME-1/1']);
    return line;
  }

  const rework = (
    { ledger }: SigningLine,
    kind: ReleasedRework['kind'],
    changes: { reworkId?: string; order?: string; serials?: string[]; askedAt?: string } = {},
  ): Promise<void> => {
    const { serials = ['ACME-1'], ...rest } = changes;
    const units = serials.map((serial) => ({ serial }));
    const times = { askedAt: AT, releasedAt: AT };
    return ledger.reworks.releaseRework({ reworkId: 'RW-1', kind, ...times, units, ...rest });
  };

  const statesOf = async ({ sql }: SigningLine): Promise<unknown[]> =>
    (await sql(`SELECT attempt, state FROM issuance WHERE serial_folded = 'acme-1' ORDER BY seq`)).map(
      ({ attempt, state }) => `${String(attempt)} ${String(state)}`,
    );

  describe('a rework', () => {
    it('renews the certificate of a key: the old one ends in the moment in which the new one is active', async () => {
      const line = await passedLine();
      const again = requestFor('ACME-1', { csr, attempt: 2 });
      await expect(line.issuer.issue(again)).rejects.toThrow(code('KEY_REUSED'));
      await rework(line, 'renew');
      await rework(line, 'renew');
      await line.issuer.issue(again);
      expect(await statesOf(line)).toEqual(['1 active', '2 issued']);
      expect(await line.ledger.issuances.find('b1/ACME-1/2')).toMatchObject({ isInRework: true });
      expect((await line.ledger.issuances.liveIssuance('ACME-1'))?.attempt).toBe(1);
      expect(await line.issuer.activate(['b1/ACME-1/2'])).toEqual([]);
      expect(await line.issuer.activate(['b1/ACME-1/2'])).toEqual([]);
      expect(await statesOf(line)).toEqual(['1 superseded', '2 active']);
      expect(await line.ledger.issuances.find('b1/ACME-1/1')).toMatchObject({ reason: 'rework RW-1' });
      expect(await line.ledger.issuances.find('b1/ACME-1/2')).toMatchObject({ supersedes: 'b1/ACME-1/1' });
      await line.ledger.issuances.endRework(ENDED);
      expect(await line.ledger.issuances.find('b1/ACME-1/2')).not.toHaveProperty('isInRework');
      expect(await statesOf(line)).toEqual(['1 superseded', '2 active']);
      await rework(line, 'renew', { reworkId: 'RW-2' });
      await line.issuer.issue(requestFor('ACME-1', { csr, attempt: 3 }));
      expect(await line.issuer.activate(['b1/ACME-1/3'])).toEqual([]);
      expect(await statesOf(line)).toEqual(['1 superseded', '2 superseded', '3 active']);
      expect(await line.ledger.orders.orderStanding('PO-1')).toMatchObject({ reissued: 2 });
    });

    it('takes no key but that of the certificate', async () => {
      const line = await passedLine();
      await rework(line, 'renew');
      const other = line.issuer.issue(requestFor('ACME-1', { attempt: 2 }));
      await expect(other).rejects.toThrow(code('NOT_RELEASED', 'renewal'));
    });

    it('that was given up leaves the old certificate, and nothing that comes late', async () => {
      const line = await passedLine();
      await rework(line, 'swap');
      const boardId = 'another';
      await line.issuer.issue(requestFor('ACME-1', { attempt: 2, boardId }));
      for (let time = 0; time < 2; time += 1) await line.ledger.issuances.endRework(ENDED);
      expect(await statesOf(line)).toEqual(['1 active', '2 revoked']);
      expect(await line.issuer.activate(['b1/ACME-1/2'])).toEqual(['b1/ACME-1/2']);
      const late = line.issuer.issue(requestFor('ACME-1', { requestId: 'late', attempt: 2, boardId }));
      await expect(late).rejects.toThrow(code('CERTIFICATE_WITHDRAWN'));
      const next = line.issuer.issue(requestFor('ACME-1', { attempt: 3, boardId }));
      await expect(next).rejects.toThrow(code('SERIAL_BOUND'));
    });

    it('with a new key ends the old certificate when the new one is reserved', async () => {
      const line = await passedLine();
      await rework(line, 'rekey');
      await line.issuer.issue(requestFor('ACME-1', { attempt: 2 }));
      expect(await statesOf(line)).toEqual(['1 superseded', '2 issued']);
      await line.ledger.issuances.endRework({ ...ENDED, revokesActive: true });
      expect(await statesOf(line)).toEqual(['1 superseded', '2 revoked']);
    });

    it('ends with the certificate that a person revokes meanwhile', async () => {
      const line = await passedLine();
      await rework(line, 'renew');
      await line.issuer.issue(requestFor('ACME-1', { csr, attempt: 2 }));
      await line.issuer.revoke({ serial: 'ACME-1' }, 'keyCompromise');
      expect(await statesOf(line)).toEqual(['1 revoked', '2 revoked']);
      expect(await line.issuer.activate(['b1/ACME-1/2'])).toEqual(['b1/ACME-1/2']);
    });

    it('needs an active certificate, a reissue for each unit, and that no other rework is open', async () => {
      const line = await passedLine(0);
      await expect(rework(line, 'renew')).rejects.toThrow(/sign a revision of it with --reissues 1 or more/);
      await expect(rework(line, 'renew')).rejects.toThrow(code('QUOTA_EXCEEDED', 'rework'));
      await line.ledger.orders.admitOrder(signedOrder({ revision: 2, reissues: 9 }));
      const both = rework(line, 'renew', { serials: ['ACME-1', 'ACME-2'] });
      await expect(both).rejects.toThrow(code('NOT_RELEASED', 'rework'));
      await expect(rework(line, 'renew', { serials: ['ACME-9'] })).rejects.toThrow(code('NOT_RELEASED'));
      expect(await line.sql('SELECT * FROM rework')).toEqual([]);
      await rework(line, 'renew');
      const second = rework(line, 'rekey', { reworkId: 'RW-2' });
      await expect(second).rejects.toThrow(code('RELEASE_CONFLICT', 'rework'));
    });

    it('counts against another order where it names one', async () => {
      const line = await passedLine(0);
      const other = { order: 'PO-2' };
      await expect(rework(line, 'renew', other)).rejects.toThrow(code('ORDER_UNKNOWN'));
      const terms = { ...other, quantity: 1, reissues: 1 };
      await line.ledger.orders.admitOrder(signedOrder({ ...terms, products: ['pump'] }));
      await expect(rework(line, 'renew', other)).rejects.toThrow(code('ORDER_MISMATCH', 'product'));
      await line.ledger.orders.admitOrder(signedOrder({ ...terms, revision: 2 }));
      await rework(line, 'renew', other);
      await line.issuer.issue(requestFor('ACME-1', { csr, attempt: 2 }));
      expect(await line.ledger.orders.orderStanding('PO-1')).toMatchObject({ reissued: 0 });
      expect(await line.ledger.orders.orderStanding('PO-2')).toMatchObject({ reissued: 1 });
      const less = line.ledger.orders.admitOrder(signedOrder({ ...terms, revision: 3, reissues: 0 }));
      await expect(less).rejects.toThrow(code('ORDER_INVALID', 'below-use'));
    });

    it('uses a reissue from its release on, and gives it back where nothing changed', async () => {
      const line = await passedLine(1);
      await rework(line, 'rekey');
      expect(await line.ledger.orders.orderStanding('PO-1')).toMatchObject({ reissued: 1 });
      await line.ledger.issuances.endRework({ ...ENDED, attempt: 1 });
      expect(await line.ledger.orders.orderStanding('PO-1')).toMatchObject({ reissued: 0 });
      await rework(line, 'rekey', { reworkId: 'RW-2' });
      await line.issuer.issue(requestFor('ACME-1', { attempt: 2 }));
      const third = line.issuer.issue(requestFor('ACME-1', { attempt: 3 }));
      await expect(third).rejects.toThrow(code('QUOTA_EXCEEDED', 'reissue'));
    });

    it('that scraps a unit issues nothing, and revokes what is active', async () => {
      const line = await passedLine();
      await rework(line, 'scrap');
      const issuing = line.issuer.issue(requestFor('ACME-1', { attempt: 2 }));
      await expect(issuing).rejects.toThrow(code('NOT_RELEASED', 'rework'));
      const other = { ...ENDED, reworkId: 'RW-0', revokesActive: true };
      await line.ledger.issuances.endRework(other);
      expect(await statesOf(line)).toEqual(['1 active']);
      await line.ledger.issuances.endRework({ ...ENDED, revokesActive: true });
      expect(await statesOf(line)).toEqual(['1 revoked']);
      expect(await line.ledger.orders.orderStanding('PO-1')).toMatchObject({ reissued: 1 });
    });

    it('is in the audit log from its release to its end', async () => {
      const line = await passedLine();
      await rework(line, 'renew');
      await line.ledger.issuances.endRework({ ...ENDED, attempt: 1 });
      const events = (await auditOf(line.ledger)).map(({ body }) => JSON.parse(body) as { event: string });
      expect(events.filter(({ event }) => event.startsWith('rework-'))).toMatchObject([
        { event: 'rework-released', reworkId: 'RW-1', kind: 'renew', order: 'PO-1', count: 1 },
        { event: 'rework-ended', reworkId: 'RW-1', serial: 'ACME-1' },
      ]);
    });
  });
}
