import { ActivityFailure, log } from '@temporalio/workflow';
import { registryBookkeeping, signerBookkeeping } from './steps.ts';

/** Whose certificates are settled: those of a batch, or of one of its units. */
export interface Unsettled {
  readonly batchId: string;
  readonly serial?: string;
  readonly supplement?: number;
  /** Nothing of the batch runs. */
  readonly isOver: boolean;
}

/**
 * Activates the certificates of units that passed and that no chunk reported, and revokes those of units that ended without a
 * pass. As a rule there are none. A ledger that cannot be used does not keep a batch or a unit from ending: `audit reconcile`
 * names what is left, and `batch recover` does this again.
 */
export async function settleCertificates(of: Unsettled): Promise<void> {
  try {
    for (let after: number | undefined = 0; after !== undefined;) after = await settlePage(of, after);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const { batchId, serial } = of;
    log.error('certificates are neither active nor withdrawn', { batchId, ...(serial && { serial }) });
  }
}

async function settlePage(
  { batchId, serial, ...run }: Unsettled,
  after: number,
): Promise<number | undefined> {
  const page = serial === undefined ? { batchId, after } : { batchId, serial };
  const { certificates, next } = await signerBookkeeping.unfinishedCertificates({
    ...page,
    withCertificates: true,
  });
  if (certificates.length === 0) return undefined;
  const { passed, ended } = await registryBookkeeping.judgeCertificates({ batchId, certificates, ...run });
  if (passed.length > 0) {
    const refused = await signerBookkeeping.activateCertificates({ passes: passed });
    if (refused.length > 0)
      log.error('the ledger does not take certificates of units that passed', { refused });
  }
  for (const { serial: endedSerial, attempt, ended: word } of ended) {
    const unit = { batchId, serial: endedSerial, attempt };
    await signerBookkeeping.revokeCertificate({ unit, reason: 'not passed', ...(word && { ended: word }) });
  }
  return next;
}
