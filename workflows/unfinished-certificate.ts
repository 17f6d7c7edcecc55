import { ActivityFailure, log } from '@temporalio/workflow';
import type { UnfinishedCertificate } from '../provisioning/signing.ts';
import { signerLook } from './steps.ts';

/**
 * The certificate of a unit that was terminated, if it is neither active nor withdrawn: its board may be in the good tray, and
 * only the signer knows which board it is. Undefined, too, where the signer does not answer.
 */
export async function unfinishedCertificateOf(
  batchId: string,
  serial: string,
): Promise<UnfinishedCertificate | undefined> {
  try {
    const { certificates } = await signerLook.unfinishedCertificates({
      batchId,
      serial,
      withCertificates: true,
    });
    return certificates[0];
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    log.warn('the signer does not say which board a terminated unit has', { serial });
    return undefined;
  }
}
