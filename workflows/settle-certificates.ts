import { ActivityFailure, log } from '@temporalio/workflow';
import { registryBookkeeping, signerBookkeeping } from './steps.ts';

/**
 * Activates the certificates of units that passed and that no chunk reported, and revokes those of units that ended without a
 * pass; `isOver`: nothing of the batch runs. As a rule there are none. A ledger that cannot be used does not keep a batch from ending: `audit reconcile` names
 * what is left, and `batch recover` does this again.
 */
export async function settleCertificates(batch: {
  readonly batchId: string;
  readonly supplement?: number;
  readonly isOver: boolean;
}): Promise<void> {
  try {
    for (let after: number | undefined = 0; after !== undefined;) after = await settlePage(batch, after);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    log.error('certificates of this batch are neither active nor withdrawn', { batchId: batch.batchId });
  }
}

async function settlePage(
  { batchId, ...run }: { readonly batchId: string; readonly supplement?: number; readonly isOver: boolean },
  after: number,
): Promise<number | undefined> {
  const { certificates, next } = await signerBookkeeping.unfinishedCertificates({ batchId, after });
  if (certificates.length === 0) return undefined;
  const { passed, ended } = await registryBookkeeping.judgeCertificates({ batchId, certificates, ...run });
  if (passed.length > 0) {
    const refused = await signerBookkeeping.activateCertificates({ passes: passed });
    if (refused.length > 0)
      log.error('the ledger does not take certificates of units that passed', { refused });
  }
  for (const { serial, attempt, ended: word } of ended) {
    const unit = { batchId, serial, attempt };
    await signerBookkeeping.revokeCertificate({ unit, reason: 'not passed', ...(word && { ended: word }) });
  }
  return next;
}
