import { describe, expect, it } from 'vitest';
import { createSignerActivities } from '../../activities/signer-activities.ts';
import type { RevokeCertificateInput } from '../../provisioning/signing.ts';
import { askFor, openDesk, passOf } from '../pki/signing/desk.ts';
import { auditOf } from '../pki/signing/signing-line.ts';
import { asActivity } from '../signer-load/as-activity.ts';

/** A signer with a delivered unit, CL-1, and a stranger who schedules `revokeCertificate` on its queue. */
async function delivered() {
  const { desk, ledger } = await openDesk();
  const request = askFor('CL-1');
  const certificate = await desk.sign(request, { askedAt: new Date(), now: new Date() });
  const { requestId } = request.statement;
  await desk.activate([passOf(request, certificate)]);
  const activities = createSignerActivities(desk);
  const revoke = (unit: unknown) =>
    asActivity(() => activities.revokeCertificate({ unit, reason: 'mine' } as RevokeCertificateInput));
  return { desk, ledger, requestId, revoke };
}

const unit = (change: object = {}) => ({ batchId: 'b1', serial: 'CL-1', attempt: 1, ...change });

describe('a stranger who revokes what has shipped', () => {
  it.each([1, 2, Number.MAX_SAFE_INTEGER])('is refused, with attempt %s', async (attempt) => {
    const { ledger, requestId, revoke } = await delivered();
    await expect(revoke(unit({ attempt }))).rejects.toMatchObject({
      type: 'WITHDRAWAL_REFUSED',
      nonRetryable: true,
    });
    expect(await ledger.issuances.find(requestId)).toMatchObject({ state: 'active' });
    expect((await auditOf(ledger)).at(-1)!.body).toContain('"request":"revokeCertificate"');
  });

  it.each([
    ['another batch', unit({ batchId: 'b2', serial: 'CL-2' }), 'WITHDRAWAL_REFUSED'],
    ['an attempt as text', unit({ serial: 'CL-2', attempt: '999' }), 'REQUEST_INVALID'],
    ['an attempt beyond all numbers', unit({ serial: 'CL-2', attempt: 1e300 }), 'WITHDRAWAL_REFUSED'],
    ['nothing', undefined, 'REQUEST_INVALID'],
  ])('is refused with %s', async (_name, input, type) => {
    const { revoke } = await delivered();
    await expect(revoke(input)).rejects.toMatchObject({ type, nonRetryable: true });
  });

  it('cannot keep a serial from being signed: the next attempt stays', async () => {
    const { ledger, revoke } = await delivered();
    await revoke(unit({ serial: 'CL-2', attempt: Number.MAX_SAFE_INTEGER }));
    const withdrawn = (await auditOf(ledger)).at(-1)!.body;
    expect(JSON.parse(withdrawn)).toMatchObject({ event: 'unit-withdrawn', serial: 'CL-2', attempt: 1 });
  });
});
