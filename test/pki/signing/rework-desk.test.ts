import { expect, it } from 'vitest';
import { generateDeviceKey } from '../../../pki/keys/device-key.ts';
import { signAttempt, signRework } from '../../../pki/signing/intake-statements.ts';
import type { AskedRework, ReworkInput } from '../../../provisioning/rework.ts';
import { renewalRequestId } from '../../../provisioning/signing-request-id.ts';
import { INTAKE } from '../../activities/trust.ts';
import { askFor, openDesk, passOf, signedByStation } from './desk.ts';
import { code } from './signing-line.ts';

const REWORK = {
  reworkId: 'RW-1',
  kind: 'renew',
  reason: 'it expires',
  by: 'A. Tester',
  askedAt: new Date().toISOString(),
  serials: ['CL-1'],
} as const satisfies AskedRework;

const signed = (rework: AskedRework): ReworkInput => ({
  ...rework,
  signed: signRework(rework, INTAKE.privateKey),
});

const arrival = () => ({ askedAt: new Date(), now: new Date() });

it('a rework counts against the order of its unit, whatever order the request says that the unit is of', async () => {
  const { desk, ledger, put } = await openDesk();
  const first = askFor('CL-1');
  await desk.activate([passOf(first, await desk.sign(first, arrival()))]);
  put({ order: 'PO-2' });
  const units = [{ serial: 'CL-1', product: 'sensor', order: 'PO-2' }];
  const refused = desk.releaseRework({ ...signed(REWORK), units });
  await expect(refused).rejects.toThrow(code('ORDER_MISMATCH', 'order'));
  await desk.releaseRework({ ...signed(REWORK), units: [{ ...units[0]!, order: 'PO-1' }] });
  expect(await ledger.orders.orderStanding('PO-1')).toMatchObject({ reissued: 1 });
});

it('a rework under another order is permitted, signed and activated like any attempt', async () => {
  const { desk, ledger, put } = await openDesk();
  const key = generateDeviceKey();
  const first = askFor('CL-1', key);
  expect(await desk.activate([passOf(first, await desk.sign(first, arrival()))])).toEqual([]);
  put({ order: 'PO-2', quantity: 1, reissues: 1 });

  const unit = { batchId: 'b1', order: 'PO-2', serial: 'CL-1', product: 'sensor', attempt: 2 };
  const release = { signature: signAttempt(unit, INTAKE.privateKey) };
  await expect(desk.permit({ unit, release })).rejects.toThrow(code('NOT_RELEASED'));
  const units = [{ serial: 'CL-1', product: 'sensor', order: 'PO-1' }];
  await desk.releaseRework({ ...signed({ ...REWORK, order: 'PO-2' }), units });
  const { attempt, permit } = await desk.permit({ unit, release });
  expect(attempt).toBe(2);

  const requestId = renewalRequestId(unit, key.spkiSha256);
  const changes = { order: 'PO-2', attempt, permit };
  const again = signedByStation(askFor('CL-1', key, new Date().toISOString(), changes), { requestId });
  const renewed = await desk.sign(again, arrival());
  expect((await ledger.issuances.liveIssuance('CL-1'))?.attempt).toBe(1);
  expect(await desk.activate([passOf(again, renewed)])).toEqual([]);
  expect(await ledger.issuances.liveIssuance('CL-1')).toMatchObject({ attempt: 2, state: 'active' });
  expect(await ledger.issuances.find(first.statement.requestId)).toMatchObject({ state: 'superseded' });
  await desk.endRework({ reworkId: 'RW-1', serial: 'CL-1', attempt, revokesActive: false });
  expect(await ledger.orders.orderStanding('PO-2')).toMatchObject({ reissued: 1 });
});
