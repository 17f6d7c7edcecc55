// The property for the kind: what intake, signer and stations have signed is used once. After each milestone of a history all of it is
// sent again, at once and an hour later, and nothing changes.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decidedNow } from '../../provisioning/decision.ts';
import { signedHistory } from './signed-history.ts';

const HOUR_MS = 3_600_000;
const LOT = { batchId: 'b1', manifestSha256: 'ab'.repeat(32), serials: ['CL-1', 'CL-2', 'CL-3'] };
const OTHER = { batchId: 'b2', manifestSha256: 'cd'.repeat(32), serials: ['CL-7', 'CL-8', 'CL-9'] };

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

type History = Awaited<ReturnType<typeof signedHistory>>;

/** Throws where something changes when all is sent again, or where a permit that was given may still end what is active. */
async function mustStay(history: History, milestone: string): Promise<void> {
  for (const isOldestLast of [true, false]) {
    const before = history.contents();
    await history.sendAllAgain({ isOldestLast });
    expect(history.contents(), `${milestone}, ${isOldestLast ? 'at once' : 'an hour later'}`).toEqual(before);
    vi.setSystemTime(Date.now() + HOUR_MS);
  }
  expect({ milestone, licences: await history.licences() }).toEqual({ milestone, licences: [] });
}

/** CL-1 has failed twice, CL-2 and CL-3 were never begun; all was given back that could be. */
async function closedLot(): Promise<History> {
  const history = await signedHistory();
  await history.release(LOT);
  await history.make('CL-1', 1);
  const permit = await history.permit('CL-1', 2);
  const second = await history.make('CL-1', 2, { permit });
  await mustStay(history, 'a further attempt is under way');
  await history.end('CL-1', 2, second.key);
  await mustStay(history, 'a unit has ended');
  await history.close('b1');
  await mustStay(history, 'the batch is closed, and units are given back');
  return history;
}

/** CL-1 has passed in the second supplement. In the first one these units ran. */
async function passedAtLast(first: readonly string[]) {
  const history = await closedLot();
  const again = await history.runAgain('b1', 1, { serials: first });
  const attempt = again.get('CL-1')!;
  const made = await history.make('CL-1', attempt, { permit: await history.permit('CL-1', attempt) });
  await mustStay(history, 'a supplement is under way');
  await history.end('CL-1', attempt, made.key);
  await history.close('b1', 1);
  await mustStay(history, 'the supplement is closed, and units are given back again');
  const last = (await history.runAgain('b1', 2, { serials: ['CL-1'] })).get('CL-1')!;
  const passed = await history.make('CL-1', last, { permit: await history.permit('CL-1', last) });
  await mustStay(history, 'the next supplement is under way, and its board is proven');
  await passed.register();
  await mustStay(history, 'a unit is registered, and its certificate not active yet');
  await passed.activate();
  await mustStay(history, 'a unit has passed');
  return { history, passed, attempt: last };
}

describe('all that was signed, sent again', () => {
  it('changes nothing while a batch ends, and its units run again in two supplements', async () => {
    const { history } = await passedAtLast(LOT.serials);
    await history.close('b1', 2);
    await mustStay(history, 'the batch is closed');
    expect(await history.ledger.orders.orderStanding('PO-1')).toMatchObject({ released: 1 });
  });

  it('changes nothing after a rework that was kept, one that was done, and one under way', async () => {
    const { history, passed } = await passedAtLast(['CL-1']);
    const rekey = await history.rework('RW-1', 'rekey', 'CL-1');
    await history.permit('CL-1', rekey.attempt);
    await rekey.keep(rekey.attempt);
    await mustStay(history, 'a rework is kept');
    const renewal = await history.rework('RW-2', 'renew', 'CL-1');
    const { attempt, supersedesAttempt } = renewal;
    const permit = await history.permit('CL-1', attempt);
    const renewed = await history.make('CL-1', attempt, { permit, key: passed.key, isRenewal: true });
    await renewed.register({ rework: { reworkId: 'RW-2', supersedesAttempt } });
    await renewed.activate();
    await history.ledger.issuances.endRework({
      reworkId: 'RW-2',
      serial: 'CL-1',
      attempt,
      revokesActive: false,
    });
    await mustStay(history, 'a rework is done');
    const again = await history.rework('RW-3', 'rekey', 'CL-1');
    const rekeyed = await history.permit('CL-1', again.attempt);
    await history.make('CL-1', again.attempt, { permit: rekeyed });
    await mustStay(history, 'a rework is under way');
    expect(await history.ledger.verification.findings()).toEqual([]);
  });

  it('changes nothing after a person accepted that the ledger of a signer was lost', async () => {
    const history = await signedHistory();
    await history.release(OTHER);
    const first = await history.make('CL-7', 1);
    await first.register();
    await mustStay(history, 'a unit is registered');
    const restored = await history.make('CL-8', 1, { size: 3 });
    await expect(restored.register()).rejects.toMatchObject({ type: 'LEDGER_STALE' });
    const { log } = (await history.registry.signerLogs())[0]!;
    const decision = decidedNow('accept-loss', { reason: 'disk lost', by: 'A. Smith' });
    vi.setSystemTime(Date.now() + 1);
    expect(await history.registry.acceptSignerLog(log, decision)).toBe(true);
    await restored.register();
    await mustStay(history, 'the loss is accepted');
    const next = await history.make('CL-9', 1, { size: 5 });
    await next.register();
    await mustStay(history, 'the log continues');
    expect(await history.registry.signerLogs()).toMatchObject([{ size: 5 }]);
  });
});
