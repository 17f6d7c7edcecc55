import type { Issuances } from '../pki/signing/issuances.ts';
import type { Refusals } from '../pki/signing/refusals.ts';
import type { Releases } from '../pki/signing/releases.ts';
import type { Stations } from '../pki/signing/stations.ts';
import { PkiError } from '../pki/pki-error.ts';
import { Context } from '@temporalio/activity';
import { gateCsr } from '../pki/signing/csr-gate.ts';
import type { IssueRequest } from '../pki/signing/issue-request.ts';
import type { Issued, Issuer } from '../pki/signing/issuer.ts';
import type { StationGate } from '../pki/signing/station-gate.ts';
import type { OrderDesk } from '../pki/orders/order-desk.ts';
import type { StationSignature } from '../provisioning/claim.ts';
import type {
  ReleaseUnitsInput,
  SignCertificateInput,
  SignedCertificate,
  SignerActivities,
} from '../provisioning/signing.ts';
import { refusalsRecorded } from './audited-refusal.ts';
import { translated } from './failure-translation.ts';

/** What the signer works with. */
export interface SignerParts {
  readonly issuer: Issuer;
  readonly ledger: Issuances & Releases & Stations & Refusals;
  readonly orders: OrderDesk;
  readonly stations: StationGate;
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

async function sign(parts: SignerParts, input: SignCertificateInput): Promise<SignedCertificate> {
  const { unit, claim, requestId, csr } = input;
  await authenticate(parts, input);
  await parts.orders.admit(unit.order);
  const issued = await issueOrStop(parts, claim.stationId, {
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

/** Before anything else: an enrolled station asked for just this, for the key of just this CSR. */
async function authenticate({ stations }: SignerParts, input: SignCertificateInput): Promise<void> {
  const { unit, claim, requestId, csr, spkiSha256 } = input;
  const { stationId, boardId } = claim;
  // Whoever can write to Temporal decides what is in an input: it may lack what its type promises.
  const signed: Partial<StationSignature> | undefined = input.signed;
  const { scheduledTimestampMs } = Context.current().info;
  const arrival = { askedAt: new Date(scheduledTimestampMs), now: new Date() };
  await stations.check(
    { ...unit, requestId, stationId, boardId, spkiSha256, at: signed?.at ?? '' },
    signed?.signature,
    arrival,
  );
  if ((await gateCsr(Buffer.from(csr, 'base64'))).spkiSha256 === spkiSha256) return;
  const message = `The CSR for ${unit.serial} is not for the key that station ${stationId} signed for: call the security engineer.`;
  throw new PkiError('REQUEST_INVALID', message, { reason: 'key' });
}

/** A key that comes twice is the station's fault, not the unit's: its random numbers repeat, or it was cloned. */
async function issueOrStop(
  { issuer, ledger }: SignerParts,
  stationId: string,
  request: IssueRequest,
): Promise<Issued> {
  try {
    return await issuer.issue(request);
  } catch (error) {
    if (error instanceof PkiError && error.code === 'KEY_REUSED')
      await ledger.setStationState(stationId, 'stopped', `the key of ${request.serial} came twice`);
    throw error;
  }
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
