import { Context } from '@temporalio/activity';
import type { SigningDesk, SigningRequest } from '../pki/signing/signing-desk.ts';
import type { Arrival } from '../pki/signing/station-gate.ts';
import { reportedPasses } from '../provisioning/signing.ts';
import type { SignCertificateInput, SignerActivities } from '../provisioning/signing.ts';
import { certificatePayload } from './certificate-payload.ts';
import { translated } from './failure-translation.ts';
import type { Patience } from './failure-translation.ts';
import { fitInput } from './fit-input.ts';
import type { InputSchema } from './fit-input.ts';
import { SIGNER_INPUTS } from './signer-inputs.ts';
import { withoutPaths } from './without-paths.ts';

/** Step 2 and its bookkeeping, on the host of the CA key. */
export function createSignerActivities(desk: SigningDesk): SignerActivities {
  const arrival = (): Arrival => arrivalOf(Context.current());
  return {
    signCertificate: taking(SIGNER_INPUTS.signCertificate, 'bounded', async (input) => {
      const record = await desk.sign(requestOf(input), arrival());
      return { ...certificatePayload(record), checkpoint: desk.checkpoint };
    }),
    activateCertificates: taking(SIGNER_INPUTS.activateCertificates, 'endless', (input) =>
      desk.activate(reportedPasses(input)),
    ),
    unfinishedCertificates: taking(SIGNER_INPUTS.unfinishedCertificates, 'endless', (input) =>
      desk.unfinished(input),
    ),
    revokeCertificate: taking(SIGNER_INPUTS.revokeCertificate, 'endless', ({ unit, ended }) =>
      desk.withdraw(unit, ended),
    ),
    releaseRework: taking(SIGNER_INPUTS.releaseRework, 'endless', (input) =>
      desk.releaseRework(input, arrival()),
    ),
    endRework: taking(SIGNER_INPUTS.endRework, 'endless', (input) => desk.endRework(input)),
    releaseUnits: taking(SIGNER_INPUTS.releaseUnits, 'endless', (input) => desk.release(input, arrival())),
    releaseAttempts: taking(SIGNER_INPUTS.releaseAttempts, 'endless', (input) =>
      desk.releaseAttempts(input, arrival()),
    ),
    returnUnits: taking(SIGNER_INPUTS.returnUnits, 'endless', (input) => desk.returnUnits(input)),
    permitAttempt: taking(SIGNER_INPUTS.permitAttempt, 'endless', (input) => desk.permit(input, arrival())),
    recallCertificate: taking(SIGNER_INPUTS.recallCertificate, 'endless', async (input) => {
      const found = await desk.issuedTo(input);
      if (found === undefined) return {};
      const { record, ...issued } = found;
      const signed = { ...certificatePayload(record), checkpoint: desk.checkpoint };
      return { issued: { ...issued, spkiSha256: record.spkiSha256, signed } };
    }),
    askOrder: taking(SIGNER_INPUTS.askOrder, 'bounded', (question) => desk.askOrder(question)),
  };
}

/** One activity: its input is checked, and what it throws is translated and names no paths. */
function taking<T, R>(
  schema: InputSchema<T>,
  patience: Patience,
  run: (input: T) => Promise<R>,
): (input: T) => Promise<R> {
  return (input) =>
    translated('SIGNER_FAULT', () => withoutPaths(async () => await run(fitInput(schema, input))), patience);
}

/** A request of the earliest versions has no signature, which is refused as such. */
type SignableInput = Omit<SignCertificateInput, 'signed'> & Partial<Pick<SignCertificateInput, 'signed'>>;

function requestOf({ unit, claim, signed, csr, ...input }: SignableInput): SigningRequest {
  const { requestId, spkiSha256, permit } = input;
  const { stationId, boardId } = claim;
  return {
    statement: { ...unit, requestId, stationId, boardId, spkiSha256, permit, at: signed?.at ?? '' },
    signature: signed?.signature,
    csr: Buffer.from(csr, 'base64'),
  };
}

function arrivalOf({ info }: Context): Arrival {
  return {
    askedAt: new Date(info.scheduledTimestampMs),
    deliveredAt: new Date(info.currentAttemptScheduledTimestampMs),
    now: new Date(),
  };
}
