// C1 by another way: a rework ends the certificate of a unit that passed, and anybody can start a workflow.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import { signRework } from '../../pki/signing/intake-statements.ts';
import type { AskedRework, ReworkInput } from '../../provisioning/rework.ts';
import { INTAKE } from '../activities/trust.ts';
import { askFor, openDesk, passOf } from '../pki/signing/desk.ts';
import { code } from '../pki/signing/signing-line.ts';

const ASKED: AskedRework = {
  reworkId: 'RW-1',
  kind: 'scrap',
  reason: 'broken',
  by: 'A. Tester',
  askedAt: new Date().toISOString(),
  serials: ['CL-1'],
};
/** It was refused then, and its request is in Temporal. */
const LONG_AGO = new Date(Date.now() - 21 * 60_000).toISOString();
const IN_FUTURE = new Date(Date.now() + 6 * 60_000).toISOString();
const UNITS = [{ serial: 'CL-1', product: 'sensor', order: 'PO-1' }];
const arrival = () => ({ askedAt: new Date(), now: new Date() });
const signedBy = (asked: AskedRework, key = INTAKE.privateKey): ReworkInput => ({
  ...asked,
  signed: signRework(asked, key),
});

async function deskWithPassedUnit() {
  const opened = await openDesk();
  const asked = askFor('CL-1', generateDeviceKey());
  expect(await opened.desk.activate([passOf(asked, await opened.desk.sign(asked, arrival()))])).toEqual([]);
  return opened;
}

describe('a rework that no person at the orchestrator asked for', () => {
  it.each<[string, () => ReworkInput]>([
    ['without a signature', () => ({ ...ASKED, signed: '' })],
    ['with what is no signature', () => ({ ...ASKED, signed: 5 as unknown as string })],
    ['signed by a stranger', () => signedBy(ASKED, generateKeyPairSync('ed25519').privateKey)],
    ['signed as another kind', () => ({ ...signedBy({ ...ASKED, kind: 'renew' }), kind: 'scrap' })],
    ['signed for another unit', () => ({ ...signedBy({ ...ASKED, serials: ['CL-2'] }), serials: ['CL-1'] })],
    ['signed for another order', () => ({ ...signedBy({ ...ASKED, order: 'PO-9' }), order: 'PO-1' })],
    ['signed with another reason', () => ({ ...signedBy(ASKED), reason: 'other' })],
    [
      'signed at another time',
      () => ({ ...signedBy({ ...ASKED, askedAt: LONG_AGO }), askedAt: ASKED.askedAt! }),
    ],
    ['signed for another rework', () => ({ ...signedBy(ASKED), reworkId: 'RW-2' })],
  ])('is refused %s, and its unit keeps its certificate', async (_, input) => {
    const { desk, ledger } = await deskWithPassedUnit();
    await expect(desk.releaseRework({ ...input(), units: UNITS })).rejects.toThrow(code('RELEASE_UNSIGNED'));
    await desk
      .endRework({ reworkId: input().reworkId, serial: 'CL-1', attempt: 1, revokesActive: true })
      .catch(() => undefined);
    expect(await ledger.issuances.liveIssuance('CL-1')).toMatchObject({ attempt: 1, state: 'active' });
  });

  it('does not take along a unit that was not asked for', async () => {
    const { desk, ledger } = await deskWithPassedUnit();
    const input = signedBy({ ...ASKED, serials: ['CL-7'] });
    await expect(desk.releaseRework({ ...input, units: UNITS })).rejects.toThrow(code('REQUEST_INVALID'));
    await desk
      .endRework({ reworkId: 'RW-1', serial: 'CL-1', attempt: 1, revokesActive: true })
      .catch(() => undefined);
    expect(await ledger.issuances.liveIssuance('CL-1')).toMatchObject({ state: 'active' });
  });
});

describe('a rework that a person asked for once', () => {
  const { askedAt: _at, ...earlier } = ASKED;
  it.each<[string, AskedRework]>([
    ['long ago', { ...ASKED, askedAt: LONG_AGO }],
    ['by a clock that is wrong', { ...ASKED, askedAt: IN_FUTURE }],
    ['by an earlier version', earlier],
  ])('is not begun: %s', async (_, asked) => {
    const { desk, ledger, put } = await deskWithPassedUnit();
    put({ order: 'PO-1', quantity: 10, reissues: 5, revision: 2 });
    const release = desk.releaseRework({ ...signedBy(asked), units: UNITS });
    await expect(release).rejects.toThrow(code('RELEASE_CONFLICT', 'age'));
    await desk.endRework({ reworkId: 'RW-1', serial: 'CL-1', attempt: 1, revokesActive: true });
    expect(await ledger.issuances.liveIssuance('CL-1')).toMatchObject({ attempt: 1, state: 'active' });
  });
});

describe('a rework that was asked for', () => {
  it('is released, and may end the certificate of its unit', async () => {
    const { desk, ledger, put } = await deskWithPassedUnit();
    put({ order: 'PO-1', quantity: 10, reissues: 5, revision: 2 });
    await desk.releaseRework({ ...signedBy(ASKED), units: UNITS });
    await desk.endRework({ reworkId: 'RW-1', serial: 'CL-1', attempt: 1, revokesActive: true });
    expect(await ledger.issuances.liveIssuance('CL-1')).toBeUndefined();
  });
});
