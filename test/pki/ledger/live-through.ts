import { requestFor } from '../signing/signing-line.ts';
import type { SigningLine } from '../signing/signing-line.ts';

/** All that the ledger records about units, one by one. */
export async function liveThrough({ issuer, ledger }: SigningLine, units: readonly string[]): Promise<void> {
  const { issuances, withdrawals } = ledger;
  for (const serial of units) {
    const requestId = `b1/${serial}/1`;
    await issuer.issue(requestFor(serial));
    await issuances.activate([requestId]);
    await issuances.liveIssuances(serial);
    await issuances.issuancesOf(serial);
    await withdrawals.hold(requestId).catch(() => undefined);
    await withdrawals.endHold(requestId);
    await issuances.revoke(requestId, 'superseded', 'ops');
    await issuances.withdrawUnit({ batchId: 'b1', serial, attempt: 1 });
  }
}
