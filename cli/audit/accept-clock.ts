import { openLineAudit, witness } from '../../line/audit.ts';
import { decisionInput } from '../decision-options.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';
import { tell } from '../terminal/stdout.ts';

/** `certline audit accept-clock`. Throws LEDGER_STALE for an old copy of the ledger, `unknown` where there is none. */
export async function acceptClock(
  invocation: Invocation,
  options: { readonly reason: string; readonly by?: string; readonly json?: boolean },
): Promise<void> {
  const { stateFolder, config } = invocation;
  const { reason } = options;
  await withLedger(invocation, 'update', async (ledger) => {
    const place = { stateFolder, ledger, witnessFile: config.auditWitnessFile, remote: config.auditWitness };
    const audit = await openLineAudit(place);
    await ledger.auditLog.acceptClock({ reason, by: decisionInput(options).by! });
    await witness(audit);
  });
  const clock = new Date().toISOString();
  tell(options.json, { clock }, `From now on the signer trusts its clock, which shows ${clock}`);
}
