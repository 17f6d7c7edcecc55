import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ledgerPath } from '../../line/state-folder.ts';
import { openLedgerFile } from '../../pki/ledger/ledger-database.ts';
import { Ledger } from '../../pki/ledger/ledger.ts';
import { signAttempt } from '../../pki/signing/intake-statements.ts';
import type { CertificateRecord } from '../../provisioning/certificate-record.ts';
import { INTAKE } from '../activities/trust.ts';
import { askFor, openDesk, releaseOf } from '../pki/signing/desk.ts';
import type { Desk } from '../pki/signing/desk.ts';
import { code } from '../pki/signing/signing-line.ts';
import { rewriteLog, signerOnDisk } from './signer-on-disk.ts';

const DAY_MS = 86_400_000;
const DECISION = { reason: 'the clock was ahead', by: 'A. Smith' };

/** A desk whose clock is off by so much; stations and Temporal are right. */
async function deskAt(
  offsetMs: () => number,
): Promise<Desk & { ask: (serial: string) => Promise<CertificateRecord> }> {
  const clock = (): Date => new Date(Date.now() + offsetMs());
  const desk = await openDesk(undefined, { now: clock });
  return {
    ...desk,
    ask: async (serial) => {
      const right = new Date();
      return await desk.desk.sign(askFor(serial), { askedAt: right, deliveredAt: right, now: clock() });
    },
  };
}

describe('H8: one wrong clock', () => {
  it.each([
    ['ahead', 400 * DAY_MS],
    ['behind', -60 * DAY_MS],
    ['six minutes ahead', 360_000],
    ['six minutes behind', -360_000],
  ])('signs nothing when it is %s, names both clocks, and leaves nothing behind', async (_how, wrong) => {
    let offset = wrong;
    const { ask, signer } = await deskAt(() => offset);
    const refused = ask('CL-1');
    await expect(refused).rejects.toThrow(code('CLOCK_WRONG', 'temporal'));
    await expect(refused).rejects.toThrow(/signer shows \d{4}-.*Temporal delivered the task at \d{4}-/);
    expect(signer.signatures).toBe(0);
    offset = 0;
    await ask('CL-1');
    expect(signer.signatures).toBe(1);
  });

  it('does not release under an order that has ended, or is not open yet, by Temporal and by the log', async () => {
    const { desk, put } = await openDesk();
    put({ order: 'PO-2', closes: new Date(Date.now() - 30 * DAY_MS).toISOString() });
    const units = [{ serial: 'CL-9', product: 'sensor' }];
    const release = releaseOf({
      batchId: 'b2',
      order: 'PO-2',
      manifestSha256: 'cd'.repeat(32),
      quantity: 1,
      units,
    });
    await expect(desk.release(release)).rejects.toThrow(code('ORDER_EXPIRED'));
    const before = new Date(Date.now() - 60 * DAY_MS);
    const byTemporal = desk.release(release, { deliveredAt: new Date(), now: before });
    await expect(byTemporal).rejects.toThrow(code('CLOCK_WRONG', 'temporal'));
  });

  it.each([
    ['ahead', DAY_MS],
    ['behind', -DAY_MS],
  ])('permits nothing when it is %s: the permit would be believed at that time', async (_how, wrong) => {
    const { desk, ask } = await deskAt(() => 0);
    await ask('CL-1');
    const unit = { batchId: 'b1', order: 'PO-1', serial: 'CL-1', product: 'sensor', attempt: 2 };
    const right = new Date();
    const at = right.toISOString();
    const release = { signature: signAttempt(unit, INTAKE.privateKey, at), at };
    const now = new Date(right.getTime() + wrong);
    const permitted = desk.permit({ unit, release }, { deliveredAt: right, now });
    await expect(permitted).rejects.toThrow(code('CLOCK_WRONG', 'temporal'));
    const { permit } = await desk.permit({ unit, release }, { deliveredAt: right, now: right });
    expect(permit).toMatchObject({ replaces: [expect.any(String)], madeAt: at });
  });

  it('is before the newest entry of the audit log when all clocks are set back together', async () => {
    const { desk, ledger } = await openDesk();
    await ledger.orders.closeOrder('PO-1');
    const before = new Date(Date.now() - 60 * DAY_MS);
    const request = askFor('CL-1', undefined, before.toISOString());
    const asked = desk.sign(request, { askedAt: before, deliveredAt: before, now: before });
    await expect(asked).rejects.toThrow(code('CLOCK_WRONG', 'audit'));
  });

  it('is before the log when it is set back, however often that is refused and whatever else is written', async () => {
    const { desk, ledger, put, database } = await openDesk();
    put({ revision: 2, closes: new Date(Date.now() - DAY_MS).toISOString() });
    const batch = { batchId: 'b2', order: 'PO-1', manifestSha256: 'cd'.repeat(32), quantity: 1 };
    const release = releaseOf({ ...batch, units: [{ serial: 'CL-9', product: 'sensor' }] });
    await expect(desk.release(release)).rejects.toThrow(code('ORDER_EXPIRED'));
    const latest = await ledger.auditLog.latestTime();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3 * DAY_MS });
    onTestFinished(() => void vi.useRealTimers());
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const now = new Date();
      const asked = desk.release(release, { deliveredAt: now, now });
      await expect(asked).rejects.toThrow(code('CLOCK_WRONG', 'audit'));
      // A revocation, and what a person types, need no clock.
      await ledger.stations.setStationState('st-1', attempt === 1 ? 'enrolled' : 'stopped', 'looked into');
      expect(await ledger.auditLog.latestTime()).toBe(latest);
    }
    const otherSigner = new Ledger(openLedgerFile(database));
    expect(await otherSigner.auditLog.latestTime()).toBe(latest);
    await otherSigner.close();
    await ledger.auditLog.acceptClock(DECISION);
    expect(Date.parse((await ledger.auditLog.latestTime())!)).toBe(Date.now());
  });

  it('goes by the log where refusals of an earlier version are all that came last', async () => {
    const signer = signerOnDisk();
    const { ledger, issue } = await signer.start();
    await issue('CL-1');
    const latest = await ledger.auditLog.latestTime();
    for (let time = 0; time < 3; time += 1)
      await ledger.auditLog.recordRefusal({ request: 'releaseUnits', code: 'ORDER_UNKNOWN' });
    await ledger.close();
    rewriteLog(signer, (body) => body.replace(`"after":"${latest}",`, ''));
    const again = new Ledger(openLedgerFile(ledgerPath(signer.state)));
    expect(await again.auditLog.latestTime()).toBe(latest);
    expect(await again.auditLog.latestTime()).toBe(latest);
    await again.close();
  });

  it('has a way back that is in the audit log, where something was signed under it', async () => {
    let offset = 400 * DAY_MS;
    const clock = (): Date => new Date(Date.now() + offset);
    const desk = await openDesk(undefined, { now: clock });
    const ask = async (serial: string): Promise<CertificateRecord> => {
      const now = clock();
      try {
        return await desk.desk.sign(askFor(serial, undefined, now.toISOString()), { askedAt: now, now });
      } catch (error) {
        // The allowance of the station was used until a time to come: it fills again, one in a second.
        if ((error as { code?: string }).code !== 'STATION_RATE') throw error;
        await sleep(200);
        return await ask(serial);
      }
    };
    await ask('CL-1');
    offset = 0;
    await expect(ask('CL-2')).rejects.toThrow(code('CLOCK_WRONG'));
    await desk.ledger.auditLog.acceptClock(DECISION);
    await ask('CL-2');
    expect(desk.signer.signatures).toBe(2);
    offset = -DAY_MS;
    await expect(ask('CL-3')).rejects.toThrow(code('CLOCK_WRONG'));
    expect(await desk.ledger.verification.findings()).toEqual([]);
  });
});
