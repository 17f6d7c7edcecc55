import { describe, expect, it } from 'vitest';
import { askFor, openDesk, releaseOf } from '../pki/signing/desk.ts';
import type { Desk } from '../pki/signing/desk.ts';
import { auditOf, code } from '../pki/signing/signing-line.ts';

const DECISION = { reason: 'nobody ordered it', by: 'A. Smith' };

async function release(
  { desk }: Desk,
  batchId: string,
  serials: readonly string[],
  quantity = serials.length,
): Promise<void> {
  const units = serials.map((serial) => ({ serial, product: 'sensor' }));
  await desk.release(releaseOf({ batchId, order: 'PO-1', manifestSha256: 'cd'.repeat(32), quantity, units }));
}

async function left({ ledger }: Desk): Promise<number> {
  const { quantity, released } = (await ledger.orders.orderStanding('PO-1'))!;
  return quantity - released;
}

describe('H4: a batch that a stranger released', () => {
  it('is listed with its manifest and what is left of it, and is taken back', async () => {
    const desk = await openDesk();
    await release(desk, 'HIDDEN', ['CL-7', 'CL-8'], 7);
    await expect(release(desk, 'b2', ['CL-4', 'CL-5'])).rejects.toThrow(code('QUOTA_EXCEEDED', 'order'));
    expect(await desk.ledger.orders.batchesOf('PO-1')).toMatchObject([
      { batchId: 'HIDDEN', manifestSha256: 'cd'.repeat(32), quota: 7, serials: 2, reserved: 0, returned: 0 },
      { batchId: 'b1', manifestSha256: 'ab'.repeat(32), quota: 3, serials: 3, reserved: 0, returned: 0 },
    ]);
    await desk.ledger.orders.withdrawBatch('HIDDEN', DECISION);
    expect(await left(desk)).toBe(7);
    await release(desk, 'b2', ['CL-4', 'CL-5', 'CL-7']);
    const last = (await auditOf(desk.ledger)).map(({ body }) => JSON.parse(body) as object);
    expect(last).toContainEqual(
      expect.objectContaining({
        event: 'batch-withdrawn',
        batchId: 'HIDDEN',
        returned: 7,
        count: 0,
        ...DECISION,
      }),
    );
  });

  it('gets nothing more once it is taken back: no certificate, no reissue, no release, not by being asked again', async () => {
    const desk = await openDesk();
    const now = new Date();
    const arrival = { askedAt: now, now };
    await desk.desk.sign(askFor('CL-1'), arrival);
    await desk.ledger.orders.withdrawBatch('b1', DECISION);
    await desk.ledger.orders.withdrawBatch('b1', DECISION);
    expect(await left(desk)).toBe(9);
    await expect(desk.desk.sign(askFor('CL-2'), arrival)).rejects.toThrow(code('NOT_RELEASED', 'serial'));
    const again = askFor('CL-1', undefined, undefined, { attempt: 2 });
    await expect(desk.desk.sign(again, arrival)).rejects.toThrow(code('NOT_RELEASED', 'withdrawn'));
    const units = [{ serial: 'CL-2', product: 'sensor' }];
    const same = { batchId: 'b1', order: 'PO-1', manifestSha256: 'ab'.repeat(32), quantity: 3, units };
    await expect(desk.desk.release(releaseOf(same))).rejects.toThrow(code('RELEASE_CONFLICT', 'withdrawn'));
    await expect(desk.desk.release(releaseOf({ ...same, quantity: 4 }))).rejects.toThrow(
      code('RELEASE_CONFLICT', 'withdrawn'),
    );
    expect(desk.signer.signatures).toBe(1);
    expect(await desk.ledger.orders.batchesOf('PO-1')).toMatchObject([
      { batchId: 'b1', quota: 3, returned: 2, serials: 1, reserved: 1 },
    ]);
  });

  it('never makes more certificates than the order has units, however often batches are taken back', async () => {
    const desk = await openDesk();
    const now = new Date();
    for (let round = 0; round < 6; round += 1) {
      await release(desk, `r${round}`, [`CL-1${round}`, `CL-2${round}`]);
      const request = askFor(`CL-1${round}`, undefined, undefined, { batchId: `r${round}` });
      await desk.desk.sign(request, { askedAt: now, now });
      await desk.ledger.orders.withdrawBatch(`r${round}`, DECISION);
    }
    expect(await left(desk)).toBe(1);
    await expect(release(desk, 'r7', ['CL-17', 'CL-27'])).rejects.toThrow(code('QUOTA_EXCEEDED', 'order'));
    desk.put({ revision: 2, quantity: 8 });
    await expect(desk.desk.sign(askFor('CL-3'), { askedAt: now, now })).rejects.toThrow(
      code('ORDER_INVALID', 'below-use'),
    );
  });
});

describe('H5: a batch id or a serial that a stranger took first', () => {
  it('is free again when that batch is taken back', async () => {
    const desk = await openDesk();
    await release(desk, 'PO-1-abcdef01', ['CL-7'], 1);
    await expect(release(desk, 'PO-1-abcdef01', ['CL-7', 'CL-8'])).rejects.toThrow(
      code('RELEASE_CONFLICT', 'batch'),
    );
    await desk.ledger.orders.withdrawBatch('PO-1-abcdef01', DECISION);
    await release(desk, 'PO-1-abcdef01', ['CL-7', 'CL-8']);
    expect(await left(desk)).toBe(5);
  });

  it('is unknown where nobody released it', async () => {
    const { ledger } = await openDesk();
    expect(await ledger.orders.withdrawBatch('nowhere', DECISION)).toBeUndefined();
  });
});
