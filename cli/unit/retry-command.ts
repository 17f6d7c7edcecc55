import type { Step } from '../../provisioning/step.ts';

/** What says how a unit that waits is tried again. */
export interface WaitingPlace {
  readonly serial: string;
  readonly batchId: string;
  readonly step: Step | undefined;
  /** A board was claimed for its last attempt: its workflow runs. */
  readonly hasBegun: boolean;
}

/**
 * The command to type for a unit that waits. Where the signer refused to release its chunk, no unit of the chunk has
 * begun, and only the batch can be asked to try again.
 */
export function retryCommand({ serial, batchId, step, hasBegun }: WaitingPlace): string {
  const isRefused = step === 'signCertificate' && !hasBegun;
  return isRefused ? `certline batch rerun ${batchId}` : `certline unit retry ${serial}`;
}
