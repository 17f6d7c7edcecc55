import { Context } from '@temporalio/activity';
import type { SigningDesk, SigningRequest } from '../pki/signing/signing-desk.ts';
import type { Arrival } from '../pki/signing/station-gate.ts';
import type { StationSignature } from '../provisioning/claim.ts';
import { reportedPasses } from '../provisioning/signing.ts';
import type { SignCertificateInput, SignerActivities } from '../provisioning/signing.ts';
import { STEP_FAULT } from '../provisioning/step-fault.ts';
import { certificatePayload } from './certificate-payload.ts';
import { translated as translatedAsIs } from './failure-translation.ts';
import { fitPasses } from './fit-passes.ts';
import { fitUnit } from './fit-unit.ts';
import { withoutPaths } from './without-paths.ts';

/** Step 2 and its bookkeeping, on the host of the CA key. */
export function createSignerActivities(desk: SigningDesk): SignerActivities {
  const fault = STEP_FAULT.signCertificate;
  const translated: typeof translatedAsIs = (code, run, patience) =>
    translatedAsIs(code, () => withoutPaths(run), patience);
  return {
    signCertificate: (input) =>
      translated(fault, async () =>
        certificatePayload(await desk.sign(requestOf(input), arrivalOf(Context.current()))),
      ),
    activateCertificates: (input) =>
      translated(fault, async () => desk.activate(fitPasses(reportedPasses(input))), 'endless'),
    unfinishedCertificates: (input) => translated(fault, () => desk.unfinished(input), 'endless'),
    revokeCertificate: ({ unit }) => translated(fault, async () => desk.withdraw(fitUnit(unit)), 'endless'),
    releaseRework: (input) =>
      translated(fault, async () => desk.releaseRework(input, arrivalOf(Context.current())), 'endless'),
    endRework: (input) => translated(fault, () => desk.endRework(input), 'endless'),
    releaseUnits: (input) =>
      translated(fault, async () => desk.release(input, arrivalOf(Context.current())), 'endless'),
    releaseAttempts: (input) =>
      translated(fault, async () => desk.releaseAttempts(input, arrivalOf(Context.current())), 'endless'),
    returnUnits: (input) => translated(fault, () => desk.returnUnits(input), 'endless'),
    permitAttempt: ({ unit, release }) =>
      translated(fault, async () => desk.permit({ unit: { ...unit, ...fitUnit(unit) }, release }), 'endless'),
    askOrder: (question) => translated(fault, () => desk.askOrder(question)),
  };
}

/** Anyone who can write to Temporal decides what is in an input: it may not match its type. */
function requestOf({
  unit,
  claim,
  requestId,
  spkiSha256,
  permit,
  ...input
}: SignCertificateInput): SigningRequest {
  const { stationId, boardId } = claim;
  const signed: Partial<StationSignature> | undefined = input.signed;
  const csr: unknown = input.csr;
  return {
    statement: { ...unit, requestId, stationId, boardId, spkiSha256, permit, at: signed?.at ?? '' },
    signature: signed?.signature,
    csr: typeof csr === 'string' ? Buffer.from(csr, 'base64') : new Uint8Array(),
  };
}

function arrivalOf({ info }: Context): Arrival {
  return {
    askedAt: new Date(info.scheduledTimestampMs),
    deliveredAt: new Date(info.currentAttemptScheduledTimestampMs),
    now: new Date(),
  };
}
