import type { FailureCode } from './failure-table.ts';
import type { Step } from './step.ts';

/** The code of a step that failed without one: an error that no room foresaw, or a timeout. */
export const STEP_FAULT = {
  generateKeypair: 'STATION_FAULT',
  signCertificate: 'SIGNER_FAULT',
  flashCredentials: 'STATION_FAULT',
  verifyReadback: 'STATION_FAULT',
  registerDevice: 'REGISTRY_FAULT',
} as const satisfies Record<Step, FailureCode>;
