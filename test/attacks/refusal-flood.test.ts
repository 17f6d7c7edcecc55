import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { withoutPaths } from '../../activities/without-paths.ts';
import { ledgerUnavailable } from '../../pki/ledger/ledger-errors.ts';
import { openDesk, releaseOf } from '../pki/signing/desk.ts';
import { auditOf } from '../pki/signing/signing-line.ts';

describe('M7: refusals that strangers cause', () => {
  it('fill the audit log up to a bound, and are counted beyond it', async () => {
    const { desk, ledger } = await openDesk();
    const { size: before } = await ledger.auditLog.auditHead();
    const release = releaseOf({ batchId: 'x', order: 'PO-99', manifestSha256: 'x', quantity: 1, units: [] });
    const asked = Array.from({ length: 1_500 }, () => desk.release(release).catch((error: unknown) => error));
    for (const answer of await Promise.all(asked)) expect(answer).toMatchObject({ code: 'ORDER_UNKNOWN' });
    const { size } = await ledger.auditLog.auditHead();
    expect(size - before).toBeGreaterThanOrEqual(1_000);
    expect(size - before).toBeLessThan(1_100);
    await ledger.auditLog.recordLeftOut();
    await ledger.auditLog.recordLeftOut();
    const last = JSON.parse((await auditOf(ledger)).at(-1)!.body) as object;
    expect(last).toMatchObject({ event: 'refusals-left-out', count: 1_500 - (size - before) });
  });

  it('are counted also where the ledger could not be written meanwhile', async () => {
    const { ledger, database } = await openDesk();
    const { auditLog } = ledger;
    const refusal = { request: 'releaseUnits', code: 'ORDER_UNKNOWN' } as const;
    await Promise.all(Array.from({ length: 1_010 }, () => auditLog.recordRefusal(refusal)));
    const other = new DatabaseSync(database);
    other.exec("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END");
    await expect(auditLog.recordLeftOut()).rejects.toThrow();
    other.exec('DROP TRIGGER full');
    other.close();
    await auditLog.recordLeftOut();
    const last = JSON.parse((await auditOf(ledger)).at(-1)!.body) as { event: string; count: number };
    expect(last.event).toBe('refusals-left-out');
    expect(last.count).toBeGreaterThan(0);
  });
});

describe('what the signer refuses', () => {
  const said = async (error: Error): Promise<string> => {
    try {
      return await withoutPaths(async () => {
        throw error;
      });
    } catch (refused) {
      return (refused as Error).message;
    }
  };

  it('does not say where it keeps its files', async () => {
    expect(await said(ledgerUnavailable('/var/lib/certline/signer/ledger.db', 'full'))).toBe(
      'The ledger ledger.db cannot be written (full), so nothing is signed: free space on its disk.',
    );
    const { desk } = await openDesk();
    const release = releaseOf({ batchId: 'x', order: 'PO-99', manifestSha256: 'x', quantity: 1, units: [] });
    const refused = (await desk.release(release).catch((error: unknown) => error)) as Error;
    expect(refused.message).not.toMatch(/(?:^|\s)\//);
  });

  it('still names a witness, and a host', async () => {
    const text =
      'Nothing without the witness http://head-office.example:7400/ (and/or ledger on db.example/ledger).';
    expect(await said(Object.assign(ledgerUnavailable('x', 'full'), { message: text }))).toBe(text);
  });
});
