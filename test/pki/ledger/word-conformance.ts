import { describe, expect, it } from 'vitest';
import { RELEASE } from '../orders/signed-orders.ts';
import { auditOf, code, release, requestFor } from '../signing/signing-line.ts';
import type { SigningLine } from '../signing/signing-line.ts';

const UNIT = { batchId: 'b1', order: 'PO-1', serial: 'ACME-1', product: 'sensor' };
const { releasedAt } = RELEASE;
const FRESH = { isFresh: true, at: releasedAt };
const OLD = { ...FRESH, isFresh: false };

/** What every ledger must remember of what the intake said: it is sent again, by whoever can read it. */
export function describeWords(newLine: () => Promise<SigningLine>): void {
  async function releasedLine(): Promise<SigningLine> {
    const line = await newLine();
    await release(line, ['ACME-1', 'ACME-2']);
    return line;
  }

  const again = ({ ledger }: SigningLine, supplement: number, serial: string, attempt: number) =>
    ledger.furtherAttempts.releaseAttempts({
      batchId: 'b1',
      run: `b1/supplement-${supplement}`,
      releasedAt,
      units: [{ serial, product: 'sensor', attempt }],
    });

  const giveBack = ({ ledger }: SigningLine, supplements: number, serials = ['ACME-1', 'ACME-2']) =>
    ledger.furtherAttempts.returnSerials({ batchId: 'b1', serials, supplements });

  describe('the word for an attempt', () => {
    it('gives one number, of which nothing changes when it comes again', async () => {
      const line = await releasedLine();
      const { furtherAttempts } = line.ledger;
      const permit = (attempt: number, word = FRESH) =>
        furtherAttempts.permitAttempt({ ...UNIT, attempt }, word);
      await line.issuer.issue(requestFor('ACME-1'));
      expect(await permit(1)).toMatchObject({ attempt: 2, replaces: [expect.any(String)] });
      await line.issuer.issue(requestFor('ACME-1', { attempt: 2 }));
      const { length } = await auditOf(line.ledger);
      for (const word of [FRESH, OLD]) expect((await permit(1, word)).attempt).toBe(2);
      expect(await auditOf(line.ledger)).toHaveLength(length);
      expect((await permit(3)).attempt).toBe(3);
      await expect(permit(1)).rejects.toThrow(code('RELEASE_CONFLICT', 'attempt'));
    });

    it('is followed by the attempts of a supplement, whatever was asked for before', async () => {
      const line = await releasedLine();
      const { furtherAttempts, issuances } = line.ledger;
      await furtherAttempts.permitAttempt({ ...UNIT, attempt: 3 }, FRESH);
      await issuances.withdrawUnit({ batchId: 'b1', serial: 'ACME-1', attempt: 1 });
      expect(await again(line, 1, 'ACME-1', 1)).toMatchObject([{ attempt: 4 }]);
      const old = await furtherAttempts.permitAttempt({ ...UNIT, attempt: 3 }, FRESH);
      expect(old).toEqual({ ...UNIT, attempt: 3 });
      const late = line.issuer.issue(requestFor('ACME-1', { attempt: 3 }));
      await expect(late).rejects.toThrow(code('CERTIFICATE_WITHDRAWN'));
      expect((await furtherAttempts.permitAttempt({ ...UNIT, attempt: 4 }, FRESH)).attempt).toBe(4);
    });

    it('of long ago lets no unit continue that has ended', async () => {
      const line = await releasedLine();
      const { furtherAttempts, issuances } = line.ledger;
      await issuances.withdrawUnit({ batchId: 'b1', serial: 'ACME-1', attempt: 1 });
      const held = furtherAttempts.permitAttempt({ ...UNIT, attempt: 2 }, OLD);
      await expect(held).rejects.toThrow(code('UNIT_ENDED', 'age'));
      expect((await furtherAttempts.permitAttempt({ ...UNIT, attempt: 2 }, FRESH)).attempt).toBe(2);
      await line.issuer.issue(requestFor('ACME-1', { attempt: 2 }));
    });
  });

  describe('the release of a supplement', () => {
    it('is refused once a later one has the unit', async () => {
      const line = await releasedLine();
      await again(line, 1, 'ACME-1', 0);
      await again(line, 2, 'ACME-1', 1);
      await expect(again(line, 1, 'ACME-1', 0)).rejects.toThrow(code('RELEASE_CONFLICT', 'run'));
      expect(await again(line, 2, 'ACME-1', 1)).toMatchObject([{ attempt: 2 }]);
    });

    it('is refused once the unit was given back after it', async () => {
      const line = await releasedLine();
      await giveBack(line, 0);
      await again(line, 1, 'ACME-1', 0);
      expect(await giveBack(line, 0)).toEqual(['ACME-1']);
      await giveBack(line, 1);
      for (const serial of ['ACME-1', 'ACME-2'])
        await expect(again(line, 1, serial, 0)).rejects.toThrow(code('RELEASE_CONFLICT', 'run'));
      expect(await line.sql('SELECT returned, released FROM batch')).toEqual([{ returned: 2, released: 0 }]);
      await again(line, 2, 'ACME-2', 0);
      expect(await line.sql('SELECT returned, released FROM batch')).toEqual([{ returned: 1, released: 1 }]);
    });
  });

  describe('the word that units are given back', () => {
    it('changes nothing of a unit that another batch has by now', async () => {
      const line = await newLine();
      await release(line, ['ACME-1'], { quota: 2 });
      await release(line, ['ACME-2'], { batchId: 'b2' });
      const other = { ...UNIT, batchId: 'b2', serial: 'ACME-2', attempt: 2 };
      await line.ledger.furtherAttempts.permitAttempt(other, FRESH);
      expect(await giveBack(line, 0, ['ACME-2'])).toEqual([]);
      expect(await line.ledger.verification.findings()).toEqual([]);
      await line.issuer.issue(requestFor('ACME-2', { batchId: 'b2', attempt: 2 }));
    });
  });

  describe('the first release', () => {
    it('brings no unit back that was given back since', async () => {
      const line = await releasedLine();
      await giveBack(line, 0, ['ACME-2']);
      const units = ['ACME-1', 'ACME-2'].map((serial) => ({ serial, product: 'sensor' }));
      const first = line.ledger.orders.releaseSerials({ batchId: 'b1', units });
      await expect(first).rejects.toThrow(code('RELEASE_CONFLICT', 'returned'));
    });

    it('does not use the id of a batch that has given units back, with other figures', async () => {
      const line = await releasedLine();
      const { orders } = line.ledger;
      await giveBack(line, 0);
      await orders.withdrawBatch('b1', { reason: 'not ours', by: 'who' });
      const other = { ...RELEASE, batchId: 'b1', quantity: 1, manifestSha256: 'cd'.repeat(32) };
      await expect(orders.releaseBatch(other)).rejects.toThrow(code('RELEASE_CONFLICT', 'withdrawn'));
    });
  });
}
