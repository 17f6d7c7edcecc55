import type { IssuanceLedger } from '../pki/issuance-ledger.ts';
import { PkiError } from '../pki/pki-error.ts';
import type { Issuer } from '../pki/issuer.ts';
import type { OrderDesk } from '../pki/order-desk.ts';
import type {
  ReleaseUnitsInput,
  SignCertificateInput,
  SignedCertificate,
  SignerActivities,
} from '../provisioning/steps-io.ts';
import { refusalsRecorded } from './audited-refusal.ts';
import { translated } from './failure-translation.ts';

/** What the signer works with. */
export interface SignerParts {
  readonly issuer: Issuer;
  readonly ledger: IssuanceLedger;
  readonly orders: OrderDesk;
}

/** Step 2 and its books, where the CA key is. */
export function createSignerActivities(parts: SignerParts): SignerActivities {
  const { issuer, ledger } = parts;
  return {
    signCertificate: (input) =>
      translated('SIGNER_FAULT', () =>
        refusalsRecorded(ledger, signingOf(input), async () => await sign(parts, input)),
      ),
    activateCertificates: ({ requestIds }) =>
      translated('SIGNER_FAULT', () => activate(issuer, requestIds), 'endless'),
    revokeCertificate: ({ unit }) =>
      translated('SIGNER_FAULT', () => ledger.withdrawUnit(unit.serial, unit.attempt), 'endless'),
    releaseUnits: (input) =>
      translated(
        'SIGNER_FAULT',
        () => refusalsRecorded(ledger, releaseOf(input), async () => await release(parts, input)),
        'endless',
      ),
  };
}

async function sign(
  { issuer, orders }: SignerParts,
  input: SignCertificateInput,
): Promise<SignedCertificate> {
  const { unit, claim, requestId, csr } = input;
  await orders.admit(unit.order);
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

async function release({ ledger, orders }: SignerParts, input: ReleaseUnitsInput): Promise<void> {
  const { batchId, order, manifestSha256, quantity, units } = input;
  await orders.admit(order);
  const releasedAt = new Date().toISOString();
  await ledger.releaseBatch({ batchId, order, manifestSha256, quota: quantity, releasedAt });
  await ledger.releaseSerials({ batchId, units });
}

function signingOf({ unit, claim, requestId }: SignCertificateInput): Readonly<Record<string, string>> {
  const { batchId, order, serial } = unit;
  const { stationId, boardId } = claim;
  return { request: 'signCertificate', requestId, batchId, order, serial, station: stationId, boardId };
}

function releaseOf({ batchId, order, manifestSha256 }: ReleaseUnitsInput): Readonly<Record<string, string>> {
  return { request: 'releaseUnits', batchId, order, manifestSha256 };
}
