import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import { PkiError } from '../../../pki/pki-error.ts';
import { signAttempt } from '../../../pki/signing/intake-statements.ts';
import { INTAKE } from '../../activities/trust.ts';
import { askFor, openDesk, passOf, releaseReworkOf } from './desk.ts';
import type { Desk } from './desk.ts';

const now = () => ({ askedAt: new Date(), now: new Date() });

describe('a further attempt that would not be signed', () => {
  const of = (attempt: number) => {
    const unit = { batchId: 'b1', order: 'PO-1', serial: 'CL-1', product: 'sensor', attempt };
    return { unit, release: { signature: signAttempt(unit, INTAKE.privateKey) } };
  };

  it.each<[why: string, change: (desk: Desk) => unknown]>([
    ['the order is closed', ({ ledger }) => ledger.orders.closeOrder('PO-1')],
    ['the order has ended', ({ put }) => put({ revision: 2, closes: '2026-01-01T00:00:00.000Z' })],
    ['its file was removed', ({ sources }) => rmSync(join(sources.folder, 'PO-1.order'))],
    ['it has no reissue left', ({ put }) => put({ revision: 2, reissues: 0 })],
    ['it names another product', ({ put }) => put({ revision: 2, products: ['pump'] })],
    [
      'the batch was withdrawn',
      ({ ledger }) => ledger.orders.withdrawBatch('b1', { reason: 'not wanted', by: 'A. Smith' }),
    ],
  ])('is not permitted, for the same reason: %s', async (_why, change) => {
    const opened = await openDesk();
    const { desk } = opened;
    await desk.sign(askFor('CL-1'), now());
    const { permit } = await desk.permit(of(2));
    await change(opened);
    const request = askFor('CL-1', generateDeviceKey(), undefined, { attempt: 2, permit });
    const refusal = await desk.sign(request, now()).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(PkiError);
    const { message, code: refused, reason } = refusal as PkiError;
    await expect(desk.permit(of(3))).rejects.toMatchObject({ message, code: refused, reason });
    // The same word again: its unit may be under way, and what it needs the permit for is no signature.
    expect((await desk.permit(of(2))).attempt).toBe(2);
  });

  it('is permitted where the board is only to be wiped', async () => {
    const { desk, ledger } = await openDesk();
    const request = askFor('CL-1');
    await desk.activate([passOf(request, await desk.sign(request, now()))]);
    await desk.releaseRework(releaseReworkOf('scrap'));
    await ledger.orders.closeOrder('PO-1');
    expect(await desk.permit(of(2))).toMatchObject({
      attempt: 2,
      permit: { replaces: [expect.any(String)] },
    });
  });
});
