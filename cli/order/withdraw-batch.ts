import { openLineAudit, witness } from '../../line/audit.ts';
import { decisionInput } from '../decision-options.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';
import { tell } from '../terminal/stdout.ts';

/**
 * `certline order withdraw`. The decision is in the audit log, whose new end is signed and witnessed. Throws `unknown`
 * for a batch that was never released, LEDGER_STALE for an old copy of the ledger.
 */
export async function withdrawBatch(
  { stateFolder, config, ...invocation }: Invocation,
  batchId: string,
  options: { readonly reason: string; readonly by?: string; readonly json?: boolean },
): Promise<void> {
  const { reason } = options;
  const by = decisionInput(options).by!;
  await withLedger({ stateFolder, config, ...invocation }, 'update', async (ledger) => {
    const audit = await openLineAudit({
      stateFolder,
      ledger,
      witnessFile: config.auditWitnessFile,
      remote: config.auditWitness,
    });
    const batch = await ledger.orders.withdrawBatch(batchId, { reason, by });
    if (batch === undefined) {
      const message = `The signer has released no batch ${batchId}: "certline order show" lists those of an order.`;
      throw new CommandError('unknown', message);
    }
    await witness(audit);
    const { released, quantity } = (await ledger.orders.orderStanding(batch.order))!;
    const left = quantity - released;
    const stillValid = 'Its certificates are still valid: revoke them with "certline cert revoke".';
    tell(
      options.json,
      { batchId, order: batch.order, certified: batch.reserved, left, quantity },
      `Batch ${batchId} is withdrawn permanently, with ${batch.reserved} units certified; order ${batch.order} has ${left} of ${quantity} units left`,
      ...(batch.reserved > 0 ? [stillValid] : []),
    );
  });
}
