import type { IssuanceLedger } from '../pki/issuance-ledger.ts';
import { PkiError } from '../pki/pki-error.ts';
import type { Issuer } from '../pki/issuer.ts';
import type {
  ReleaseUnitsInput,
  SignCertificateInput,
  SignedCertificate,
  SignerActivities,
} from '../provisioning/steps-io.ts';
import { translated } from './failure-translation.ts';

/** Certificates beyond one a unit that a batch may use up: one for each unit, and some for a small lot's bad day. */
const reissueQuotaOf = (quantity: number): number => Math.max(quantity, 20);

/** Step 2 and its books, where the CA key is. */
export function createSignerActivities(issuer: Issuer, ledger: IssuanceLedger): SignerActivities {
  return {
    signCertificate: (input) => translated('SIGNER_FAULT', () => sign(issuer, input)),
    activateCertificates: ({ requestIds }) =>
      translated('SIGNER_FAULT', () => activate(issuer, requestIds), 'endless'),
    revokeCertificate: ({ unit }) =>
      translated(
        'SIGNER_FAULT',
        async () => {
          await issuer.revoke({ serial: unit.serial }, 'cessationOfOperation');
        },
        'endless',
      ),
    releaseUnits: (input) => translated('SIGNER_FAULT', () => release(ledger, input), 'endless'),
  };
}

async function sign(issuer: Issuer, input: SignCertificateInput): Promise<SignedCertificate> {
  const { unit, claim, requestId, csr } = input;
  const issued = await issuer.issue({
    requestId,
    batchId: unit.batchId,
    serial: unit.serial,
    product: unit.product,
    attempt: unit.attempt,
    boardId: claim.boardId,
    csr: Buffer.from(csr, 'base64'),
  });
  return {
    certificate: Buffer.from(issued.certificate).toString('base64'),
    certificateSerial: issued.certificateSerial,
    fingerprint: issued.fingerprint,
    notBefore: issued.notBefore,
    notAfter: issued.notAfter,
  };
}

/** One certificate that cannot be activated must not keep the others from it. Returns the request ids of such. */
async function activate(issuer: Issuer, requestIds: readonly string[]): Promise<string[]> {
  try {
    await issuer.activate(requestIds);
    return [];
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (requestIds.length === 1) return [...requestIds];
  }
  const refused: string[] = [];
  for (const requestId of requestIds) refused.push(...(await activate(issuer, [requestId])));
  return refused;
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof PkiError && (error.code === 'CERTIFICATE_WITHDRAWN' || error.code === 'ISSUANCE_UNKNOWN')
  );
}

async function release(ledger: IssuanceLedger, input: ReleaseUnitsInput): Promise<void> {
  const { batchId, order, quantity, units } = input;
  await ledger.releaseBatch({ batchId, order, quota: quantity, reissueQuota: reissueQuotaOf(quantity) });
  await ledger.releaseSerials({ batchId, units });
}
